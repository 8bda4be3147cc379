import type { Observable, Subscription } from 'rxjs';
import { GatewayError } from '../errors/gateway-error.js';
import { BoundedQueue, type QueueBounds } from './bounded-queue.js';
import { deliveryOf } from './delivery.js';
import { PacedSubscriber } from './paced-subscriber.js';

/** Where encoded messages go: a gRPC call or an HTTP response. */
export interface StreamSink<T> {
  /** The item as it looks on the wire; the same for every reader, and made once. */
  encode(item: T): Buffer;
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
export function writeBounded<T extends object>(source$: Observable<T>, sink: StreamSink<T>, bounds: QueueBounds): Subscription {
  return source$.subscribe(new BoundedWriter(sink, bounds));
}

/**
 * A Subscriber itself, and its queue made when first needed: a message passes through as few objects as can be, for with
 * thousands of readers none of them is in the CPU's cache.
 */
class BoundedWriter<T extends object> extends PacedSubscriber<T> {
  /** Something waits in it only while the sink is not writable. */
  private queue: BoundedQueue<T> | undefined;
  private writable = true;
  private finish: (() => void) | undefined;
  private position: string | undefined;
  private whenReady: (() => void)[] = [];

  constructor(
    private readonly sink: StreamSink<T>,
    private readonly bounds: QueueBounds,
  ) {
    super();
    sink.onDrain(() => this.drain());
    sink.onClose(() => this.unsubscribe());
  }

  override next(message: T): void {
    if (this.closed || this.finish !== undefined) return;
    try {
      this.take(message, this.sink.encode(message));
    } catch (error) {
      // What cannot be written ends this stream, and must not reach the source: other readers hang on it.
      this.error(error);
    }
  }

  override error(error: unknown): void {
    this.finishWith(() => this.sink.fail(error));
  }

  override complete(): void {
    this.finishWith(() => this.sink.end());
  }

  override untilReady(): Promise<void> | undefined {
    if (this.writable || this.closed) return undefined;
    return new Promise((resolve) => this.whenReady.push(resolve));
  }

  override unsubscribe(): void {
    super.unsubscribe();
    this.queue = undefined;
    this.tellReady();
  }

  private tellReady(): void {
    for (const resolve of this.whenReady.splice(0)) resolve();
  }

  private take(message: T, bytes: Buffer): void {
    if (this.writable) return this.write(message, bytes);
    this.queue ??= new BoundedQueue(this.bounds);
    if (!this.queue.push(message, bytes)) this.overflow();
  }

  private write(message: T, bytes: Buffer): void {
    this.writable = this.sink.write(bytes);
    this.position = deliveryOf(message)?.position ?? this.position;
  }

  private drain(): void {
    if (this.closed) return;
    this.writable = true;
    while (this.writable) {
      const slot = this.queue?.shift();
      if (slot === undefined) break;
      this.write(slot.message, slot.bytes);
    }
    if (this.hasNothingWaiting) this.finish?.();
    if (this.writable) this.tellReady();
  }

  private finishWith(finish: () => void): void {
    if (this.finish !== undefined || this.closed) return;
    this.finish = () => {
      finish();
      this.unsubscribe();
    };
    if (this.hasNothingWaiting) this.finish();
  }

  private get hasNothingWaiting(): boolean {
    return this.queue?.isEmpty ?? true;
  }

  private overflow(): void {
    const metadata: Record<string, string> = this.position === undefined ? {} : { lastSequence: this.position };
    this.unsubscribe();
    this.sink.fail(
      new GatewayError('RESOURCE_EXHAUSTED', 'The reader is too slow: its queue is full', { reason: 'SLOW_READER', metadata }),
    );
    const timer = setTimeout(() => this.sink.destroy(), RESET_AFTER_MS);
    timer.unref();
    this.sink.onClose(() => clearTimeout(timer));
  }
}
