import { Subscription, type Observable } from 'rxjs';
import { GatewayError } from '../errors/gateway-error.js';
import { BoundedQueue, type QueueBounds } from './bounded-queue.js';
import { deliveryOf } from './delivery.js';

/** Where encoded messages go: a gRPC call or an HTTP response. */
export interface StreamSink {
  /** False when the peer cannot take more for now; `onDrain` is then called once it can. */
  write(bytes: Buffer): boolean;
  end(): void;
  /** Ends the stream with an error. With a stuck peer this may never arrive: see `destroy`. */
  fail(error: unknown): void;
  /** Cuts the stream without a word. */
  destroy(): void;
  onDrain(listener: () => void): void;
  /** The stream is over, whoever ended it. May be called more than once. */
  onClose(listener: () => void): void;
}

/** How long a cut-off reader may take to fetch its error before the stream is reset under it. */
export const RESET_AFTER_MS = 2_000;

/**
 * Writes a source to a sink through a bounded queue, so that a slow reader costs itself and not us.
 *
 * While the peer keeps up nothing is queued. When the queue is full the reader is ended with RESOURCE_EXHAUSTED,
 * which names the position of the last message it got; a peer that does not even take the error is reset after
 * RESET_AFTER_MS, because a status cannot be sent through a full flow-control window.
 *
 * @returns a subscription; unsubscribing stops the source and leaves the sink alone.
 */
export function writeBounded<T extends object>(
  source$: Observable<T>,
  sink: StreamSink,
  encode: (message: T) => Buffer,
  bounds: QueueBounds,
): Subscription {
  return new BoundedWriter(sink, encode, bounds).run(source$);
}

class BoundedWriter<T extends object> {
  private readonly queue: BoundedQueue<T>;
  private readonly subscription = new Subscription();
  private writable = true;
  private finish: (() => void) | undefined;
  private position: string | undefined;

  constructor(
    private readonly sink: StreamSink,
    private readonly encode: (message: T) => Buffer,
    bounds: QueueBounds,
  ) {
    this.queue = new BoundedQueue(bounds);
  }

  run(source$: Observable<T>): Subscription {
    this.sink.onDrain(() => this.drain());
    this.sink.onClose(() => this.subscription.unsubscribe());
    this.subscription.add(() => this.queue.clear());
    this.subscription.add(
      source$.subscribe({
        next: (message) => this.next(message),
        error: (error: unknown) => this.finishWith(() => this.sink.fail(error)),
        complete: () => this.finishWith(() => this.sink.end()),
      }),
    );
    return this.subscription;
  }

  private next(message: T): void {
    if (this.subscription.closed || this.finish !== undefined) return;
    const bytes = this.encode(message);
    if (this.writable && this.queue.isEmpty) this.write(message, bytes);
    else if (!this.queue.push(message, bytes)) this.overflow();
  }

  private write(message: T, bytes: Buffer): void {
    this.writable = this.sink.write(bytes);
    this.position = deliveryOf(message)?.position ?? this.position;
  }

  private drain(): void {
    if (this.subscription.closed) return;
    this.writable = true;
    while (this.writable) {
      const slot = this.queue.shift();
      if (slot === undefined) break;
      this.write(slot.message, slot.bytes);
    }
    if (this.queue.isEmpty) this.finish?.();
  }

  private finishWith(finish: () => void): void {
    if (this.finish !== undefined || this.subscription.closed) return;
    this.finish = () => {
      finish();
      this.subscription.unsubscribe();
    };
    if (this.queue.isEmpty) this.finish();
  }

  private overflow(): void {
    const metadata: Record<string, string> = this.position === undefined ? {} : { lastSequence: this.position };
    this.subscription.unsubscribe();
    this.sink.fail(
      new GatewayError('RESOURCE_EXHAUSTED', 'The reader is too slow: its queue is full', { reason: 'SLOW_READER', metadata }),
    );
    const timer = setTimeout(() => this.sink.destroy(), RESET_AFTER_MS);
    timer.unref();
    this.sink.onClose(() => clearTimeout(timer));
  }
}
