import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { callerOf } from '../access/caller.js';
import { arrivedOn, REQUEST_ID, setArrived, toArrivedCall } from '../calls/arrived-call.js';
import type { CallObserver, FinishedCall } from '../calls/finished-call.js';
import { codeOfNumber } from '../errors/status-table.js';
import type { SpanStart, Tracer } from '../tracing/tracer.js';
import type { ForeignService } from './foreign-service.js';
import { addHeader, http2StreamOf } from './grpc-internals.js';
import { methodName, protoServices } from './proto-types.js';

/** What grpc-js serves beside the contract. */
const OTHER_CALLS = ['grpc.health.v1.Health/Check', 'grpc.health.v1.Health/List'];
const OTHER_STREAMS: ReadonlySet<string> = new Set([
  'grpc.health.v1.Health/Watch',
  'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
]);
const ownNames = [...OTHER_CALLS, ...OTHER_STREAMS, ...protoServices.flatMap(({ methods }) => methods.map(methodName))];

const SENT = Symbol('sent');
const STREAM = Symbol('stream');

/** Kept on the stream itself: to put it into a weak table beside it took 2.7 % of a unary call's CPU (measured, in a profile). */
interface Noted {
  [SENT]?: () => number;
  [STREAM]?: boolean;
}

/** Says how many bytes of messages a call sends; asked once, when it is over. */
export function countSent(stream: ServerHttp2Stream, count: () => number): void {
  (stream as Noted)[SENT] = count;
}

/** Notes that a call is answered by a stream. */
export function noteStream(stream: ServerHttp2Stream): void {
  (stream as Noted)[STREAM] = true;
}

export interface GrpcCallWatch {
  readonly observer: CallObserver;
  readonly tracer: Tracer;
  /** Of other protocols, beside the contract. */
  readonly foreign: readonly ForeignService[];
}

/**
 * Takes every call in before grpc-js sees it, says under which id in its answer, and tells of it once its HTTP/2 stream is over: also of
 * those that grpc-js answers by itself.
 */
export function watchGrpcCalls(server: Http2Server, { observer, tracer, foreign }: GrpcCallWatch): void {
  const names = new Set([...ownNames, ...foreign.flatMap(({ methods }) => methods.map(({ path }) => path.slice(1)))]);
  server.prependListener('stream', (stream, headers) => {
    const startedAtMs = performance.now();
    const method = nameOf(headers, names);
    const arrived = toArrivedCall(tracer, headers, () => describe(method));
    setArrived(stream, arrived);
    addHeader(stream, REQUEST_ID, arrived.requestId);
    stream.once('close', () =>
      observer.record({
        door: 'grpc',
        method,
        arrived,
        caller: callerOf(stream),
        code: codeOf(stream),
        durationMs: performance.now() - startedAtMs,
        isStream: (stream as Noted)[STREAM] === true || OTHER_STREAMS.has(method),
        bytes: (stream as Noted)[SENT]?.() ?? 0,
      }),
    );
  });
}

/** Has all that a handler begins before it answers, also later on, be work for its call's span. */
export function workForSpans<Handler extends (call: never, callback: never) => void>(tracer: Tracer, handle: Handler): Handler {
  if (!tracer.isOn) return handle;
  const work = (call: never, callback: never): void => {
    const { span } = arrivedOn(http2StreamOf(call));
    if (!span.isFollowed) return handle(call, callback);
    const settle = (...answer: unknown[]): void => {
      span.settle();
      (callback as (...answer: unknown[]) => void)(...answer);
    };
    tracer.run(span, () => handle(call, settle as never));
  };
  return work as Handler;
}

function describe(method: string): SpanStart {
  const [service, name] = method.split('/');
  const attributes = { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': name };
  return { name: method === '' ? 'grpc' : method, kind: 'server', attributes };
}

/** Never what was called, unless it is ours: it may be anything. */
function nameOf(headers: IncomingHttpHeaders, names: ReadonlySet<string>): string {
  const name = headers[':path']?.slice(1) ?? '';
  return names.has(name) ? name : '';
}

/** The status that was sent, at the end or instead of an answer; a stream that ended without one was left. */
function codeOf({ sentTrailers, sentHeaders }: ServerHttp2Stream): FinishedCall['code'] {
  const status = sentTrailers?.['grpc-status'] ?? (sentHeaders as ServerHttp2Stream['sentHeaders'] | undefined)?.['grpc-status'];
  return status === undefined ? 'CANCELLED' : codeOfNumber(Number(status));
}
