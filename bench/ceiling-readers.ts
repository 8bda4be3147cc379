import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { CEILING_EVENTS } from './processes/upstream-frames.js';

const DELTA = Buffer.from('message.part.delta');

/**
 * Readers of a ceiling server: for every delta of the upstream the same bytes to all of them.
 *
 * The deltas are found in the raw bytes and not read. They come from the same upstream as the gateway's, so that both sides are woken
 * alike and share the machine with the same processes; with a clock of its own the ceiling would have the CPU's caches to itself.
 */
export class CeilingReaders extends Set<Writable> {
  /** Messages that a reader could not take yet. */
  private readonly owed = new WeakMap<Writable, number>();

  constructor(private readonly payload: () => Buffer) {
    super();
  }

  override add(reader: Writable): this {
    reader.on('drain', () => this.payOff(reader));
    return super.add(reader);
  }

  /** Settles once the upstream's deltas arrive. */
  async follow(upstreamUrl: string): Promise<void> {
    const [events] = (await once(get(`${upstreamUrl}${CEILING_EVENTS}`), 'response')) as [IncomingMessage];
    events.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(DELTA); at >= 0; at = chunk.indexOf(DELTA, at + DELTA.length)) this.tell();
    });
  }

  private tell(): void {
    const payload = this.payload();
    for (const reader of this) {
      if (reader.writableNeedDrain) this.owed.set(reader, (this.owed.get(reader) ?? 0) + 1);
      else reader.write(payload);
    }
  }

  private payOff(reader: Writable): void {
    let count = this.owed.get(reader) ?? 0;
    for (; count > 0 && !reader.writableNeedDrain; count -= 1) reader.write(this.payload());
    this.owed.set(reader, count);
  }
}
