import type { Metadata, MethodDefinition } from '@grpc/grpc-js';
import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';

/** A call of a service that is not of our contract. */
export interface ForeignCall {
  readonly caller: Caller;
  readonly metadata: Metadata;
  /** Aborted once nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Messages of a stream, and their bytes. */
export interface ForeignStream {
  readonly source$: Observable<object>;
  encode(item: object): Buffer;
}

interface ForeignMethodBase {
  /** `/package.Service/Method` */
  readonly path: string;
  /** Answered under any load, and no rate holds for it. */
  readonly isUrgent: boolean;
}

export interface ForeignUnaryMethod extends ForeignMethodBase {
  readonly kind: 'unary';
  /** @throws GatewayError, or an error with a gRPC status */
  answer(request: Buffer, call: ForeignCall): Promise<Buffer>;
}

export interface ForeignStreamMethod extends ForeignMethodBase {
  readonly kind: 'stream';
  /** @throws GatewayError, or an error with a gRPC status */
  stream(request: Buffer, call: ForeignCall): Promise<ForeignStream>;
}

/** A method of another protocol on our gRPC door: bytes in, bytes out. Whoever has a token may call it, and it decides the rest. */
export type ForeignMethod = ForeignUnaryMethod | ForeignStreamMethod;

export interface ForeignService {
  /** `package.Service` */
  readonly name: string;
  readonly methods: readonly ForeignMethod[];
}

const bytes = (buffer: Buffer): Buffer => buffer;

export function toForeignDefinition({ path, kind }: ForeignMethod): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: false,
    responseStream: kind === 'stream',
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
}
