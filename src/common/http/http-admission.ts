import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Admission } from '../access/admission.js';
import { setCaller } from '../access/caller.js';
import { arrivedOn } from '../calls/arrived-call.js';
import { requirementOf, type Requirement } from '../access/scopes.js';
import { fromUnknown } from '../errors/status-table.js';
import { isUrgent } from '../limits/call-limits.js';
import { isAgentRoute } from './agent-route.js';
import { replyWithError } from './error-reply.js';
import { methodOfRoute } from './rest-rule.js';

type RouteScopes = Readonly<Record<string, Requirement>>;

/** Asks every request who makes it, before its body is read. What is no route answers that, whoever asks. */
export function admitOverHttp(fastify: FastifyInstance, admission: Admission, routeScopes: RouteScopes): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (request.is404) return;
    const { authorization } = request.headers;
    try {
      const { url = '' } = request.routeOptions;
      const shown = {
        authorization,
        peer: request.ip,
        requestId: arrivedOn(request).requestId,
        target: `${request.method} ${url}`,
      };
      const called = methodOfRoute(request.method, url);
      const caller = await admission.admit(shown, requirementOfRequest(request, routeScopes), isUrgent(called));
      if (caller !== undefined) setCaller(request, caller);
    } catch (error) {
      replyWithError(reply, fromUnknown(error).error);
    }
  });
}

function requirementOfRequest(request: FastifyRequest, routeScopes: RouteScopes): Requirement | undefined {
  if (isAgentRoute(request)) return 'any';
  const {
    method,
    routeOptions: { url = '' },
  } = request;
  const called = methodOfRoute(method, url);
  return called === undefined ? routeScopes[url] : requirementOf(called);
}
