import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';
import type { LoggedCall, PayloadLog } from '../logging/payload-log.js';
import { methodOfRoute } from './rest-rule.js';

/** Logs what is asked and answered over HTTP: JSON alone, and no streams, which Fastify does not send. */
export function logHttpPayloads(fastify: FastifyInstance, log: PayloadLog): void {
  fastify.addHook('preHandler', (request, _, done) => {
    const call = toLoggedCall(request);
    if (call !== undefined) log.request(call, () => JSON.stringify(request.body ?? {}));
    done();
  });
  fastify.addHook('onSend', (request, _, payload, done) => {
    const call = typeof payload === 'string' ? toLoggedCall(request) : undefined;
    if (call !== undefined) log.answer(call, () => String(payload));
    done();
  });
}

function toLoggedCall(request: FastifyRequest): LoggedCall | undefined {
  const { headers, routeOptions } = request;
  const method = methodOfRoute(request.method, routeOptions.url ?? '');
  const isChunked = headers['transfer-encoding'] !== undefined;
  return (
    method && {
      door: 'http',
      method,
      caller: callerOf(request),
      requestBytes: isChunked ? undefined : Number(headers['content-length'] ?? 0),
    }
  );
}
