import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';

export type Unary<I extends DescMessage, O extends DescMessage> = DescMethodUnary<I, O>;
export type Streaming<I extends DescMessage, O extends DescMessage> = DescMethodServerStreaming<I, O>;

/** A stream as its reader sees it. Iterating ends with the stream; a failure is thrown as a CallError. */
export interface DoorStream<T> extends AsyncIterable<T> {
  /** Leaves, as a client does that goes away. */
  cancel(): void;
}

/** Whom a client takes for the gateway, and how it shows who it is itself; PEM. */
export interface ClientTls {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** One of the gateway's doors as a client uses it: the same calls, whatever is on the wire. */
export interface Door {
  readonly name: string;
  call<I extends DescMessage, O extends DescMessage>(method: Unary<I, O>, request: MessageInitShape<I>): Promise<MessageShape<O>>;
  stream<I extends DescMessage, O extends DescMessage>(method: Streaming<I, O>, request: MessageInitShape<I>): DoorStream<MessageShape<O>>;
  close(): void;
}

/** A refused or failed call, in the same words on each door. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(
    /** Canonical gRPC number. */
    readonly code: number,
    message: string,
    readonly reason: string,
    readonly fields: readonly string[],
    readonly metadata: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/** Values as they come, for a consumer that iterates. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  private readonly values: T[] = [];
  private ended = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  push(value: T): void {
    this.values.push(value);
    this.wake();
  }

  end(failure?: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      while (this.values.length > 0) yield this.values.shift() as T;
      if (this.ended) break;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    if (this.failure !== undefined) throw this.failure;
  }
}
