import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { AsyncQueue, type DoorStream } from './door.js';
import { toCallError } from './grpc.door.js';

interface Answer {
  readonly status: string;
}

interface Method {
  readonly path: string;
  readonly requestSerialize: (request: object) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => object;
}

/** `grpc.health.v1` as a probe asks for it: without a token. */
export class HealthClient {
  private readonly client: Client;

  constructor(address: string) {
    this.client = new Client(address, credentials.createInsecure());
  }

  async check(name: string): Promise<string> {
    return ((await this.call('Check', { service: name })) as Answer).status;
  }

  async list(): Promise<Readonly<Record<string, string>>> {
    const { statuses } = (await this.call('List', {})) as { readonly statuses: Readonly<Record<string, Answer>> };
    return Object.fromEntries(Object.entries(statuses).map(([name, { status }]) => [name, status]));
  }

  watch(name: string): DoorStream<string> {
    const { path, requestSerialize, responseDeserialize } = service['Watch'] as Method;
    const call = this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: name });
    const queue = new AsyncQueue<string>();
    call.on('data', ({ status }: Answer) => queue.push(status));
    call.on('end', () => queue.end());
    call.on('error', (error: ServiceError) => queue.end(toCallError(error)));
    return { [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](), cancel: () => call.cancel() };
  }

  close(): void {
    this.client.close();
  }

  private call(name: 'Check' | 'List', request: object): Promise<object> {
    const { path, requestSerialize, responseDeserialize } = service[name] as Method;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, answer) =>
        error === null && answer !== undefined ? resolve(answer) : reject(toCallError(error as ServiceError)),
      );
    });
  }
}
