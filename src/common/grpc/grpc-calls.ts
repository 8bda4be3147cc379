import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { callerOf } from '../access/caller.js';
import type { CallObserver, FinishedCall } from '../calls/finished-call.js';
import { codeOfNumber } from '../errors/status-table.js';
import type { ForeignService } from './foreign-service.js';
import { methodName, protoServices } from './proto-types.js';

/** What grpc-js serves beside the contract. */
const OTHERS = /^grpc\.(health|reflection)\.[\w.]+\/\w+$/;
const ownNames: ReadonlySet<string> = new Set(protoServices.flatMap(({ methods }) => methods.map(methodName)));

const sentBytes = new WeakMap<ServerHttp2Stream, () => number>();

/** Says how many bytes of messages a call sends; asked once, when it is over. */
export function countSent(stream: ServerHttp2Stream, count: () => number): void {
  sentBytes.set(stream, count);
}

/** Tells of every call once its HTTP/2 stream is over: also of those that grpc-js answers by itself. */
export function watchGrpcCalls(server: Http2Server, observer: CallObserver, foreign: readonly ForeignService[]): void {
  const names = new Set([...ownNames, ...foreign.flatMap(({ methods }) => methods.map(({ path }) => path.slice(1)))]);
  server.on('stream', (stream, headers) => {
    const startedAtMs = performance.now();
    stream.once('close', () =>
      observer.record({
        door: 'grpc',
        method: nameOf(headers, names),
        caller: callerOf(stream),
        code: codeOf(stream),
        durationMs: performance.now() - startedAtMs,
        bytes: sentBytes.get(stream)?.() ?? 0,
      }),
    );
  });
}

/** Never what was called, unless it is ours: it may be anything. */
function nameOf(headers: IncomingHttpHeaders, names: ReadonlySet<string>): string {
  const name = headers[':path']?.slice(1) ?? '';
  return names.has(name) || OTHERS.test(name) ? name : '';
}

/** The status that was sent, at the end or instead of an answer; a stream that ended without one was left. */
function codeOf({ sentTrailers, sentHeaders }: ServerHttp2Stream): FinishedCall['code'] {
  const status = sentTrailers?.['grpc-status'] ?? (sentHeaders as ServerHttp2Stream['sentHeaders'] | undefined)?.['grpc-status'];
  return status === undefined ? 'CANCELLED' : codeOfNumber(Number(status));
}
