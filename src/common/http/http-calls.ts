import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';
import { arrivedOn, REQUEST_ID, setArrived, toArrivedCall } from '../calls/arrived-call.js';
import type { CallObserver } from '../calls/finished-call.js';
import { methodName } from '../grpc/proto-types.js';
import type { SpanStart, Tracer } from '../tracing/tracer.js';
import { outcomeOf, wasStream } from './http-outcome.js';
import { methodOfRoute } from './rest-rule.js';

/**
 * Takes every call in, says under which id in its answer, and tells of it once its response is over. Add it before whatever may refuse
 * one, and what works for a call's span behind what does.
 */
export function watchHttpCalls(fastify: FastifyInstance, observer: CallObserver, tracer: Tracer): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAtMs = performance.now();
    const { socket } = request.raw;
    const sentBefore = socket.bytesWritten;
    const arrived = toArrivedCall(tracer, request.headers, () => describe(request));
    setArrived(request, arrived);
    void reply.header(REQUEST_ID, arrived.requestId);
    // The response's own end, for Fastify does not tell of clients that leave.
    reply.raw.once('close', () =>
      observer.record({
        door: 'http',
        method: nameOf(request),
        arrived,
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
  // Behind the body: Node hands that out in the name of the connection, and not of the call.
  if (tracer.isOn) fastify.addHook('preHandler', (request, _, done) => tracer.run(arrivedOn(request).span, done));
}

function describe({ method, routeOptions, is404 }: FastifyRequest): SpanStart {
  // The router writes a colon twice that begins no parameter.
  const route = is404 ? undefined : routeOptions.url?.replaceAll('::', ':');
  const attributes = { 'http.request.method': method, 'http.route': route };
  return { name: [method, route].join(' ').trim(), kind: 'server', attributes };
}

/** Never the address itself: it may hold anything. */
function nameOf({ method, routeOptions, is404 }: FastifyRequest): string {
  if (is404) return '';
  const { url = '' } = routeOptions;
  const called = methodOfRoute(method, url);
  return called === undefined ? url : methodName(called);
}
