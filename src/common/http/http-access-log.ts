import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';
import { methodName } from '../grpc/proto-types.js';
import type { AccessLog } from '../logging/access-log.js';
import type { CallLogs } from '../logging/call-logs.js';
import { outcomeOf } from './http-outcome.js';
import { logHttpPayloads } from './http-payload-log.js';
import { methodOfRoute } from './rest-rule.js';

/** Logs calls as the settings say. Add it before whatever may refuse one. */
export function logHttpCalls(fastify: FastifyInstance, { access, payloads }: CallLogs): void {
  if (access !== undefined) logAccess(fastify, access);
  if (payloads !== undefined) logHttpPayloads(fastify, payloads);
}

function logAccess(fastify: FastifyInstance, log: AccessLog): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAtMs = performance.now();
    const { socket } = request.raw;
    const sentBefore = socket.bytesWritten;
    // The response's own end, for Fastify does not tell of clients that leave.
    reply.raw.once('close', () =>
      log.record({
        door: 'http',
        method: nameOf(request),
        caller: callerOf(request),
        code: outcomeOf(reply.raw),
        status: reply.raw.statusCode,
        startedAtMs,
        bytes: socket.bytesWritten - sentBefore,
      }),
    );
    done();
  });
}

/** Never the address itself: it may hold anything. */
function nameOf({ method, routeOptions, is404 }: FastifyRequest): string {
  if (is404) return '';
  const { url = '' } = routeOptions;
  const called = methodOfRoute(method, url);
  return called === undefined ? url : methodName(called);
}
