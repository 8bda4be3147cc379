import type { Observable } from 'rxjs';
import type { Caller } from '../access/caller.js';
import type { QueueBounds } from './bounded-queue.js';
import { writeBounded, type StreamPace, type StreamSink } from './bounded-writer.js';
import { StreamTally } from './stream-tally.js';

const TICK_MS = 1_000;

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
}

export interface OpenStreamsOptions extends StreamPace {
  readonly bounds: QueueBounds;
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
  private ticker: NodeJS.Timeout | undefined;

  constructor(private readonly options: OpenStreamsOptions) {}

  /** Writes a source to a sink, bounded, with heartbeats, until either ends. */
  write<T extends object>(source$: Observable<T>, sink: StreamSink<T>, labels: StreamLabels, caller?: Caller): void {
    const writer = writeBounded(source$, sink, this.options.bounds, this.tally);
    if (writer.closed) return;
    this.streams.set(writer, { labels, caller });
    this.ticker ??= setInterval(() => this.tick(), TICK_MS).unref();
    writer.add(() => this.forget(writer));
  }

  *[Symbol.iterator](): IterableIterator<[OpenStream, StreamLabels]> {
    for (const [stream, { labels }] of this.streams) yield [stream, labels];
  }

  private tick(): void {
    for (const [writer, { caller }] of this.streams) {
      if (this.options.isWelcome(caller)) writer.tick(this.options);
      else writer.dismiss();
    }
  }

  private forget(writer: OpenStream): void {
    this.streams.delete(writer);
    if (this.streams.size > 0) return;
    clearInterval(this.ticker);
    this.ticker = undefined;
  }
}
