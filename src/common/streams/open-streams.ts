import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';
import { GatewayError, shuttingDown } from '../errors/gateway-error.js';
import type { QueueBounds } from './bounded-queue.js';
import { writeBounded, type StreamPace, type StreamSink } from './bounded-writer.js';
import { StreamTally } from './stream-tally.js';

const TICK_MS = 1_000;
const RETRY_AFTER_MS = 5_000;
/** Reason of the refusal. */
export const TOO_MANY_STREAMS = 'TOO_MANY_STREAMS';

/** What a stream is, for statistics: the same object for all streams of one method at one door. */
export interface StreamLabels {
  readonly door: string;
  /** `package.Service/Method` */
  readonly method: string;
}

/** A stream as those see it who look after all of them. */
export interface OpenStream {
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** Bytes that were written and wait in this process for the peer to take them. */
  readonly bufferedBytes: number;
  tick(pace: StreamPace): void;
  /** Ends the stream of somebody who may read no longer. */
  dismiss(): void;
  /** Ends the stream because the gateway ends. */
  shutDown(): void;
}

export interface OpenStreamsOptions extends StreamPace {
  readonly bounds: QueueBounds;
  /** How many may be open, and how many of one principal. */
  readonly maxStreams: number;
  readonly maxStreamsPerPrincipal: number;
  /** Whether a caller may go on reading; asked once a second for each stream. */
  isWelcome(caller: Caller | undefined): boolean;
}

interface Held {
  readonly labels: StreamLabels;
  readonly caller: Caller | undefined;
}

/**
 * Every stream that is open, at whichever door.
 *
 * One timer serves them all, and an event costs them nothing: a thousand quiet streams are a thousand small steps a second.
 */
export class OpenStreams {
  readonly tally = new StreamTally();
  private readonly streams = new Map<OpenStream, Held>();
  /** How many are open, by the id of their principal. */
  private readonly counts = new Map<string, number>();
  private ticker: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: OpenStreamsOptions) {}

  /** Asked before the first byte of a stream is written. @throws GatewayError RESOURCE_EXHAUSTED; UNAVAILABLE once they are closed */
  requireRoom(caller: Caller | undefined): void {
    if (this.isClosed) throw shuttingDown();
    const { maxStreams, maxStreamsPerPrincipal } = this.options;
    const own = this.counts.get(principalIdOf(caller)) ?? 0;
    if (own >= maxStreamsPerPrincipal) throw this.refuse(`${own} streams of this caller are open already`);
    if (this.streams.size >= maxStreams) throw this.refuse(`${this.streams.size} streams are open already`);
  }

  /** Writes a source to a sink, bounded, with heartbeats, until either ends. */
  write<T extends object>(source$: Observable<T>, sink: StreamSink<T>, labels: StreamLabels, caller?: Caller): void {
    const writer = writeBounded(source$, sink, this.options.bounds, this.tally);
    if (writer.closed) return;
    this.streams.set(writer, { labels, caller });
    this.count(caller, 1);
    this.ticker ??= setInterval(() => this.tick(), TICK_MS).unref();
    writer.add(() => this.forget(writer, caller));
  }

  /** Ends every stream with UNAVAILABLE and the position from which its reader can resume elsewhere; no new one begins. */
  close(): void {
    this.isClosed = true;
    for (const stream of [...this.streams.keys()]) stream.shutDown();
  }

  *[Symbol.iterator](): IterableIterator<[OpenStream, StreamLabels]> {
    for (const [stream, { labels }] of this.streams) yield [stream, labels];
  }

  private refuse(message: string): GatewayError {
    this.tally.refused += 1;
    return new GatewayError('RESOURCE_EXHAUSTED', message, { reason: TOO_MANY_STREAMS, retryAfterMs: RETRY_AFTER_MS });
  }

  private tick(): void {
    for (const [writer, { caller }] of this.streams) {
      if (this.options.isWelcome(caller)) writer.tick(this.options);
      else writer.dismiss();
    }
  }

  private count(caller: Caller | undefined, change: number): void {
    const id = principalIdOf(caller);
    const count = (this.counts.get(id) ?? 0) + change;
    if (count === 0) this.counts.delete(id);
    else this.counts.set(id, count);
  }

  private forget(writer: OpenStream, caller: Caller | undefined): void {
    if (!this.streams.delete(writer)) return;
    this.count(caller, -1);
    if (this.streams.size > 0) return;
    clearInterval(this.ticker);
    this.ticker = undefined;
  }
}

function principalIdOf(caller: Caller | undefined): string {
  return caller?.principal.id ?? '';
}
