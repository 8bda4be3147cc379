import { Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { serve } from '../remote.js';
import { CeilingReaders } from '../ceiling-readers.js';
import { usageCommands } from '../usage.js';

/** The least that a gRPC server of Node can cost: grpc-js, bytes made beforehand, no application. */
export type GrpcCeilingCommands = typeof commands;

let payload = Buffer.alloc(0);
const readers = new CeilingReaders(() => payload);

const identity = (bytes: Buffer): Buffer => bytes;
const codec = {
  requestStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

const definition = {
  unary: { ...codec, path: '/ceiling/Unary', responseStream: false },
  stream: { ...codec, path: '/ceiling/Stream', responseStream: true },
} as const;

const implementation = {
  unary: (_call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => callback(null, payload),
  stream: (call: ServerWritableStream<Buffer, Buffer>) => {
    readers.add(call);
    call.once('cancelled', () => readers.delete(call));
    call.write(payload);
  },
};

const commands = {
  ...usageCommands,

  start(): Promise<string> {
    const server = new Server();
    server.addService(definition, implementation);
    return new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
      );
    });
  },

  setPayload(bytes: Uint8Array): void {
    payload = Buffer.from(bytes);
  },

  follow(upstreamUrl: string): Promise<void> {
    return readers.follow(upstreamUrl);
  },
};

serve(commands);
