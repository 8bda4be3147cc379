import { Metadata, status } from '@grpc/grpc-js';
import type { Subscriber } from 'rxjs';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { ForeignCall } from '../../../common/grpc/foreign-service.js';
import { untilReady } from '../../../common/streams/paced-subscriber.js';
import { A2AUser, type A2AVersion } from '../a2a.call.js';

/** A method as the protocol library defines it. */
export interface LibraryDefinition {
  readonly path: string;
  readonly responseStream: boolean;
  requestDeserialize(bytes: Buffer): object;
  responseSerialize(message: object): Buffer;
}

/** The library's handler of a method: given a call of grpc-js, or what looks like one. */
export type LibraryHandler = (call: LibraryCall, callback?: (error: unknown, message: object | null) => void) => Promise<void> | void;

/**
 * One of our calls in the shape of grpc-js's, for the library's handlers: they write without looking whether the peer takes it, and go
 * on when it is gone. Here the request handler is slowed down and stopped instead.
 */
export class LibraryCall {
  readonly request: object;
  readonly metadata: Metadata;
  readonly user: A2AUser;
  private subscriber: Subscriber<object> | undefined;
  private readonly left: AbortController;

  /** @throws GatewayError INVALID_ARGUMENT when the bytes are no such message */
  constructor(
    private readonly definition: LibraryDefinition,
    request: Buffer,
    { caller, metadata, signal }: ForeignCall,
    version: A2AVersion,
  ) {
    this.request = decode(definition, request);
    this.metadata = metadata.clone();
    // The library reads the version from here.
    this.metadata.set('a2a-version', version);
    this.left = new AbortController();
    const extensions = [...metadata.get('a2a-extensions'), ...metadata.get('x-a2a-extensions')].flatMap((value) =>
      value.toString().split(','),
    );
    this.user = new A2AUser({
      caller,
      version,
      extensions: new Set(extensions.map((uri) => uri.trim())),
      signal: AbortSignal.any([signal, this.left.signal]),
      lastEventId: metadata.get('last-event-id')[0]?.toString(),
      progress: { position: undefined },
      untilReady: () => this.subscriber && untilReady(this.subscriber),
    });
  }

  async answer(handle: LibraryHandler): Promise<Buffer> {
    const { message, error } = await new Promise<{ message: object | null | undefined; error: unknown }>((resolve) => {
      void handle(this, (failure, answer) => resolve({ message: answer, error: failure }));
    });
    if (message === null || message === undefined) throw this.toFailure(error);
    return this.definition.responseSerialize(message);
  }

  /** Tells the stream to a subscriber; gives what to do when nobody reads any more. */
  stream(handle: LibraryHandler, subscriber: Subscriber<object>): () => void {
    this.subscriber = subscriber;
    void handle(this);
    return () => this.left.abort();
  }

  /** Headers of the answer are grpc-js's own affair here. */
  sendMetadata(): void {
    return undefined;
  }

  write(message: object): boolean {
    this.subscriber?.next(message);
    return true;
  }

  emit(event: string, error: unknown): boolean {
    if (event === 'error') this.subscriber?.error(this.toFailure(error));
    return true;
  }

  end(): void {
    this.subscriber?.complete();
  }

  /** What the handler failed with in words that A2A has none for, else the library's own error. */
  private toFailure(error: unknown): Error {
    if (this.user.failure !== undefined) return this.user.failure;
    const told = error as { readonly code?: number; readonly details?: string; readonly metadata?: Metadata };
    // What failed before the handler was asked failed at reading the request.
    if (told.code === status.UNKNOWN) return malformed(this.definition, error);
    return Object.assign(new Error(told.details), { metadata: new Metadata() }, told);
  }
}

function malformed({ path }: LibraryDefinition, cause: unknown): GatewayError {
  return new GatewayError('INVALID_ARGUMENT', `The request is none of ${path.slice(1)}`, { reason: 'MALFORMED_REQUEST', cause });
}

function decode(definition: LibraryDefinition, bytes: Buffer): object {
  try {
    return definition.requestDeserialize(bytes);
  } catch (error) {
    throw malformed(definition, error);
  }
}
