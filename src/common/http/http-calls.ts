import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';
import type { CallObserver } from '../calls/finished-call.js';
import { methodName } from '../grpc/proto-types.js';
import { outcomeOf, wasStream } from './http-outcome.js';
import { methodOfRoute } from './rest-rule.js';

/** Tells of every call once its response is over. Add it before whatever may refuse one. */
export function watchHttpCalls(fastify: FastifyInstance, observer: CallObserver): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAtMs = performance.now();
    const { socket } = request.raw;
    const sentBefore = socket.bytesWritten;
    // The response's own end, for Fastify does not tell of clients that leave.
    reply.raw.once('close', () =>
      observer.record({
        door: 'http',
        method: nameOf(request),
        caller: callerOf(request),
        code: outcomeOf(reply.raw),
        status: reply.raw.statusCode,
        durationMs: performance.now() - startedAtMs,
        isStream: wasStream(reply.raw),
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
