import { Client, credentials, type ClientReadableStream } from '@grpc/grpc-js';
import type { Load } from './load.js';

export interface GrpcTarget {
  readonly address: string;
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: Uint8Array;
  readonly connections: number;
}

export const identity = (bytes: Buffer): Buffer => bytes;

/** Channels that do not share a connection, as different callers' would not. */
export function connect({ address, connections }: GrpcTarget): Client[] {
  const options = { 'grpc.use_local_subchannel_pool': 1 };
  return Array.from({ length: connections }, () => new Client(address, credentials.createInsecure(), options));
}

/** Readers of a server stream, spread over connections; messages stay bytes. */
export class GrpcStreamsLoad implements Load {
  count = 0;
  lost = 0;
  readonly opened: Promise<void>;
  private newest: Buffer = Buffer.alloc(0);
  private closed = false;
  private readonly clients: Client[];
  private readonly calls: ClientReadableStream<Buffer>[];

  constructor(target: GrpcTarget, streams: number) {
    this.clients = connect(target);
    this.calls = Array.from({ length: streams }, (_, index) => this.open(target, index));
    this.opened = Promise.all(this.calls.map((call) => new Promise((resolve) => call.once('data', resolve)))).then(() => undefined);
  }

  sample(): Buffer {
    return this.newest;
  }

  pause(): void {
    for (const call of this.calls) call.pause();
  }

  close(): void {
    this.closed = true;
    for (const call of this.calls) call.cancel();
    for (const client of this.clients) client.close();
  }

  private open({ path, request }: GrpcTarget, index: number): ClientReadableStream<Buffer> {
    const client = this.clients[index % this.clients.length];
    if (client === undefined) throw new Error('no connection');
    const call = client.makeServerStreamRequest(path, identity, identity, Buffer.from(request));
    call.on('data', (message: Buffer) => {
      this.count += 1;
      this.newest = message;
    });
    call.on('error', () => {
      if (!this.closed) this.lost += 1;
    });
    return call;
  }
}
