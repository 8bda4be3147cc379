import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { callerOf, setCaller } from '../access/caller.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import type { OpenStreams } from '../streams/open-streams.js';
import { toFrame } from './encoding.js';
import {
  toForeignDefinition,
  type ForeignCall,
  type ForeignService,
  type ForeignStreamMethod,
  type ForeignUnaryMethod,
} from './foreign-service.js';
import { countSent } from './grpc-calls.js';
import { GrpcCallSink } from './grpc-call.sink.js';
import { toCallError } from './grpc-error.js';
import { http2StreamOf } from './grpc-internals.js';
import { shuttingDown, tooLarge } from './grpc-refusals.js';

/** What calls of other protocols share with ours. */
export interface ForeignHost {
  readonly calls: CallsInFlight;
  readonly streams: OpenStreams;
  /** Of a request of another protocol. */
  readonly limits: { readonly maxForeignBytes: number };
}

type Call = ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>;

/** Puts a service of another protocol on the door, with the same limits, streams and drain as ours. */
export function addForeignService(server: Server, { methods }: ForeignService, host: ForeignHost, isDraining: () => boolean): void {
  const definition = Object.fromEntries(methods.map((method) => [method.path, toForeignDefinition(method)]));
  const implementation: UntypedServiceImplementation = Object.fromEntries(
    methods.map((method) => [method.path, method.kind === 'unary' ? unary(method, host, isDraining) : streaming(method, host, isDraining)]),
  );
  server.addService(definition, implementation);
}

function unary(method: ForeignUnaryMethod, host: ForeignHost, isDraining: () => boolean) {
  return (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
    if (isDraining()) return callback(toCallError(shuttingDown()));
    run(host, call, (foreign) => method.answer(call.request, foreign)).then(
      (bytes) => {
        countSent(http2StreamOf(call), () => bytes.length);
        callback(null, bytes);
      },
      (error: unknown) => callback(toCallError(error)),
    );
  };
}

function streaming(method: ForeignStreamMethod, host: ForeignHost, isDraining: () => boolean) {
  const labels = { door: 'grpc', method: method.path.slice(1) };
  return (call: ServerWritableStream<Buffer, Buffer>): void => {
    if (isDraining()) return void call.emit('error', toCallError(shuttingDown()));
    run(host, call, (foreign) => method.stream(call.request, foreign))
      .then((stream) => {
        if (call.cancelled) return;
        const caller = callerOf(call.metadata);
        host.streams.requireRoom(caller);
        const encoding = { encode: (item: object) => toFrame(stream.encode(item)), positionOf: () => undefined, heartbeat: undefined };
        host.streams.write(stream.source$, new GrpcCallSink(call, encoding), labels, caller);
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
