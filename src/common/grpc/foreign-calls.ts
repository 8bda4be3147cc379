import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { callerOf, setCaller } from '../access/caller.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import type { OpenStreams } from '../streams/open-streams.js';
import type { Tracer } from '../tracing/tracer.js';
import {
  toForeignDefinition,
  type ForeignCall,
  type ForeignService,
  type ForeignStreamMethod,
  type ForeignUnaryMethod,
} from './foreign-service.js';
import { countSent, workForSpans } from './grpc-calls.js';
import { GrpcCallSink, plainEncoding } from './grpc-call.sink.js';
import { toCallError } from './grpc-error.js';
import { http2StreamOf } from './grpc-internals.js';
import { tooLarge } from './grpc-refusals.js';
import type { UnansweredCalls } from './unanswered-calls.js';

/** What calls of other protocols share with ours. */
export interface ForeignHost {
  readonly calls: CallsInFlight;
  readonly streams: OpenStreams;
  readonly unanswered: UnansweredCalls;
  readonly tracer: Tracer;
  /** Of a request of another protocol. */
  readonly limits: { readonly maxForeignBytes: number };
}

type Call = ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/** Puts a service of another protocol on the door, with the same limits, streams and drain as ours. */
export function addForeignService(server: Server, { methods }: ForeignService, host: ForeignHost): void {
  const definition = Object.fromEntries(methods.map((method) => [method.path, toForeignDefinition(method)]));
  const handle = (method: ForeignService['methods'][number]) =>
    workForSpans(host.tracer, method.kind === 'unary' ? unary(method, host) : streaming(method, host));
  const implementation: UntypedServiceImplementation = Object.fromEntries(methods.map((method) => [method.path, handle(method)]));
  server.addService(definition, implementation);
}

function unary(method: ForeignUnaryMethod, host: ForeignHost) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    const answer = host.unanswered.add(callback);
    run(host, call, (foreign) => method.answer(call.request, foreign)).then(
      (bytes) => {
        countSent(http2StreamOf(call), () => bytes.length);
        answer(null, bytes);
      },
      (error: unknown) => answer(toCallError(error)),
    );
  };
}

function streaming(method: ForeignStreamMethod, host: ForeignHost) {
  const labels = { door: 'grpc', method: method.path.slice(1) };
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    run(host, call, (foreign) => method.stream(call.request, foreign))
      .then((stream) => {
        if (call.cancelled) return;
        const caller = callerOf(call.metadata);
        host.streams.requireRoom(caller);
        host.streams.write(
          stream.source$,
          new GrpcCallSink(
            call,
            plainEncoding((item) => stream.encode(item)),
          ),
          labels,
          caller,
        );
      })
      .catch((error: unknown) => call.emit('error', toCallError(error)));
  };
}

async function run<T>(host: ForeignHost, call: Call, answer: (foreign: ForeignCall) => Promise<T>): Promise<T> {
  const { request, metadata } = call;
  const caller = callerOf(metadata);
  try {
    if (caller === undefined) throw new Error('nobody was asked who calls');
    setCaller(http2StreamOf(call), caller);
    const { maxForeignBytes } = host.limits;
    if (request.length > maxForeignBytes) throw tooLarge(maxForeignBytes);
    const left = new AbortController();
    call.once('cancelled', () => left.abort());
    return await answer({ caller, metadata, signal: left.signal });
  } finally {
    host.calls.leave(metadata);
  }
}
