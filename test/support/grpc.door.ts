import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema } from '../../src/common/grpc/generated/google/rpc/error_details_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/opencode_pb.js';
import { StatusSchema } from '../../src/common/grpc/generated/google/rpc/status_pb.js';
import { originalOf } from '../../src/common/grpc/aggregate.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { AsyncQueue, CallError, type ClientTls, type Door, type DoorStream, type Streaming, type Unary } from './door.js';

export function toCallError(error: ServiceError): CallError {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Buffer)) return new CallError(error.code, error.details, '', []);
  const { details } = fromBinary(StatusSchema, bytes);
  const info = details.map((detail) => anyUnpack(detail, ErrorInfoSchema)).find((detail) => detail !== undefined);
  const violations =
    details.map((detail) => anyUnpack(detail, BadRequestSchema)).find((detail) => detail !== undefined)?.fieldViolations ?? [];
  return new CallError(
    error.code,
    error.details,
    info?.reason ?? '',
    violations.map(({ field }) => field),
    info?.metadata,
  );
}

function credentialsOf(tls: ClientTls | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const [ca, key = null, cert = null] = [tls.ca, tls.key, tls.cert].map((pem) => (pem === undefined ? undefined : Buffer.from(pem)));
  return credentials.createSsl(ca, key, cert);
}

/** The gRPC door. */
export class GrpcDoor implements Door {
  readonly name: string = 'gRPC';
  private readonly client: Client;
  private readonly metadata = new Metadata();

  constructor(address: string, token?: string, tls?: ClientTls, headers: Readonly<Record<string, string>> = {}) {
    this.client = new Client(address, credentialsOf(tls), { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1 });
    if (token !== undefined) this.metadata.set('authorization', `Bearer ${token}`);
    for (const [name, value] of Object.entries(headers)) this.metadata.set(name, value);
  }

  call<I extends DescMessage, O extends DescMessage>(method: Unary<I, O>, request: MessageInitShape<I>): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        this.pathOf(method),
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes) => fromBinary(method.output, bytes),
        create(method.input, request),
        this.metadata,
        (error, value) => (error === null ? resolve(value as MessageShape<O>) : reject(toCallError(error))),
      );
    });
  }

  stream<I extends DescMessage, O extends DescMessage>(method: Streaming<I, O>, request: MessageInitShape<I>): DoorStream<MessageShape<O>> {
    const queue = new AsyncQueue<MessageShape<O>>();
    const call = this.client.makeServerStreamRequest(
      this.pathOf(method),
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes) => fromBinary(method.output, bytes),
      create(method.input, request),
      this.metadata,
    );
    call.on('data', (message: MessageShape<O>) => queue.push(message));
    call.on('end', () => queue.end());
    call.on('error', (error: ServiceError) => queue.end(toCallError(error)));
    return { [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](), cancel: () => call.cancel() };
  }

  close(): void {
    this.client.close();
  }

  protected pathOf(method: DescMethod): string {
    return methodPath(method);
  }
}

/** The same door by way of seed 001's aggregate service, wherever that has the method. */
export class AggregateDoor extends GrpcDoor {
  override readonly name = 'aggregate';

  protected override pathOf(method: DescMethod): string {
    const listed = OpenCodeService.methods.find((candidate) => originalOf(candidate) === method);
    return super.pathOf(listed ?? method);
  }
}
