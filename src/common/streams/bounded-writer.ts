import type { Observable } from 'rxjs';
import { GatewayError, shuttingDown } from '../errors/gateway-error.js';
import { BoundedQueue, type QueueBounds } from './bounded-queue.js';
import { PacedSubscriber } from './paced-subscriber.js';
import { StreamTally, type StreamEnd } from './stream-tally.js';

/** Where encoded messages go: a gRPC call or an HTTP response. */
export interface StreamSink<T> {
  /** The item as it looks on the wire; the same for every reader, and made once. */
  encode(item: T): Buffer;
  /** Where a reader that was cut off after this item can resume. */
  positionOf(item: T): string | undefined;
  /** Where a reader can resume that was cut off before any item had a position. */
  readonly startPosition: string | undefined;
  /** A sign of life as it looks on the wire; undefined: this kind of stream has none. */
  readonly heartbeat: Buffer | undefined;
  /** Bytes that were written and wait in this process for the peer to take them. */
  readonly bufferedBytes: number;
  /** The connection wants to end, and ends once its streams have. */
  readonly isLeaving: boolean;
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

/** How long a cut-off reader may take to fetch what was written and its error before the stream is reset under it. */
export const RESET_AFTER_MS = 10_000;

/** What a reader of an aged connection waits; another connection is open at once. */
const COME_BACK_AFTER_MS = 100;

/** How long what may last, in seconds. */
export interface StreamPace {
  /** Silence before a heartbeat; 0: no heartbeats. */
  readonly heartbeatS: number;
  /** What a stream may still take for its end once its connection wants to end. */
  readonly leaveAfterS: number;
}

/**
 * Writes a source to a sink through a bounded queue, so that a slow reader costs itself and not us.
 *
 * While the peer keeps up nothing is queued. When the queue is full the reader is ended with RESOURCE_EXHAUSTED,
 * which names the position of the last message written to it; a peer that does not even take the error is reset after
 * RESET_AFTER_MS, because a status cannot be sent through a full flow-control window.
 *
 * @returns a subscription; unsubscribing stops the source and leaves the sink alone.
 */
export function writeBounded<T extends object>(
  source$: Observable<T>,
  sink: StreamSink<T>,
  bounds: QueueBounds,
  tally = new StreamTally(),
): BoundedWriter<T> {
  const writer = new BoundedWriter(sink, bounds, tally);
  source$.subscribe(writer);
  return writer;
}

/**
 * A Subscriber itself, and its queue made when first needed: a message passes through as few objects as can be, for with
 * thousands of readers none of them is in the CPU's cache.
 */
export class BoundedWriter<T extends object> extends PacedSubscriber<T> {
  /** Something waits in it only while the sink is not writable. */
  private queue: BoundedQueue<T> | undefined;
  private writable = true;
  private finish: (() => void) | undefined;
  private position: string | undefined;
  private whenReady: (() => void)[] = [];
  /** Seconds in which nothing was written. */
  private silentS = 0;
  /** Seconds for which the connection has wanted to end. */
  private leavingS = 0;
  private endedBy: StreamEnd = 'reader';

  constructor(
    private readonly sink: StreamSink<T>,
    private readonly bounds: QueueBounds,
    private readonly tally: StreamTally,
  ) {
    super();
    this.position = sink.startPosition;
    sink.onDrain(() => this.drain());
    sink.onClose(() => this.unsubscribe());
  }

  get queuedMessages(): number {
    return this.queue?.messages ?? 0;
  }

  get queuedBytes(): number {
    return this.queue?.bytes ?? 0;
  }

  get bufferedBytes(): number {
    return this.sink.bufferedBytes;
  }

  /** Called once a second for as long as the stream is open. */
  tick({ heartbeatS, leaveAfterS }: StreamPace): void {
    this.silentS += 1;
    if (heartbeatS > 0 && this.silentS >= heartbeatS) this.beat();
    if (!this.sink.isLeaving) return;
    if (this.leavingS >= leaveAfterS) this.leave();
    this.leavingS += 1;
  }

  dismiss(): void {
    this.cut('dismissed', new GatewayError('UNAUTHENTICATED', 'The token is no longer valid', { reason: 'TOKEN_REVOKED' }));
  }

  shutDown(): void {
    this.cut('shutdown', shuttingDown());
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
    this.finishWith(endOf(error), () => this.sink.fail(error));
  }

  override complete(): void {
    this.finishWith('completed', () => this.sink.end());
  }

  override untilReady(): Promise<void> | undefined {
    if (this.writable || this.closed) return undefined;
    return new Promise((resolve) => this.whenReady.push(resolve));
  }

  override unsubscribe(): void {
    if (!this.closed) this.tally.ended[this.endedBy] += 1;
    super.unsubscribe();
    this.queue = undefined;
    this.tellReady();
  }

  private tellReady(): void {
    for (const resolve of this.whenReady.splice(0)) resolve();
  }

  private take(message: T, bytes: Buffer): void {
    if (this.writable) return this.write(message, bytes);
    this.queue ??= new BoundedQueue(this.bounds, this.tally);
    if (!this.queue.push(message, bytes)) this.overflow();
  }

  private write(message: T, bytes: Buffer): void {
    this.writable = this.sink.write(bytes);
    this.tally.messages += 1;
    this.tally.bytes += bytes.length;
    this.silentS = 0;
    this.position = this.sink.positionOf(message) ?? this.position;
  }

  /** A reader that does not even take what it has needs no sign of life. */
  private beat(): void {
    const { heartbeat } = this.sink;
    if (heartbeat === undefined || !this.writable || this.finish !== undefined) return;
    this.writable = this.sink.write(heartbeat);
    this.silentS = 0;
    this.tally.heartbeats += 1;
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

  private finishWith(end: StreamEnd, finish: () => void): void {
    if (this.finish !== undefined || this.closed) return;
    this.finish = () => {
      this.endedBy = end;
      finish();
      this.unsubscribe();
    };
    if (this.hasNothingWaiting) this.finish();
  }

  private get hasNothingWaiting(): boolean {
    return this.queue?.isEmpty ?? true;
  }

  private overflow(): void {
    this.cut('slow_reader', new GatewayError('RESOURCE_EXHAUSTED', 'The reader is too slow: its queue is full', { reason: 'SLOW_READER' }));
  }

  private leave(): void {
    const details = { reason: 'CONNECTION_AGED', retryAfterMs: COME_BACK_AFTER_MS };
    this.cut('connection_aged', new GatewayError('UNAVAILABLE', 'The connection has grown old: come back over another', details));
  }

  /** Ends the stream though its source goes on: what waits is dropped, and the reader is told where it can resume. */
  private cut(end: StreamEnd, { code, message, reason, retryAfterMs }: GatewayError): void {
    this.endedBy = end;
    this.unsubscribe();
    const metadata = toMetadata(this.position);
    this.sink.fail(new GatewayError(code, message, { reason, metadata, ...(retryAfterMs !== undefined && { retryAfterMs }) }));
    const timer = setTimeout(() => this.sink.destroy(), RESET_AFTER_MS);
    timer.unref();
    this.sink.onClose(() => clearTimeout(timer));
  }
}

function endOf(error: unknown): StreamEnd {
  const reason = error instanceof GatewayError ? error.reason : '';
  if (reason === 'SHUTTING_DOWN') return 'shutdown';
  // A backlog is handed over as it is taken, so it ends otherwise than by a full queue.
  return reason === 'SLOW_READER' ? 'slow_reader' : 'failed';
}

/** A position is a sequence, a sequence and an event's id behind a dot, or an event's id. */
function toMetadata(position: string | undefined): Record<string, string> {
  const [, lastSequence, lastEventId] = /^(\d+)?\.?(.*)$/.exec(position ?? '') ?? [];
  return { ...(lastSequence !== undefined && { lastSequence }), ...(lastEventId !== undefined && lastEventId !== '' && { lastEventId }) };
}
