import type { Writable } from 'node:stream';
import { pace } from './pace.js';

/** Readers of a ceiling server: the same bytes to all of them from one loop. */
export class CeilingReaders extends Set<Writable> {
  /** Gives how many times the payload was written to everybody. */
  play(payload: Buffer, perSecond: number, durationMs: number): Promise<number> {
    return pace(perSecond, durationMs, (count) => {
      for (let sent = 0; sent < count; sent += 1) this.tell(payload);
    });
  }

  private tell(payload: Buffer): void {
    for (const reader of this) {
      // At the rates that are compared this is rare; a message that is left out is missing from the count too.
      if (!reader.writableNeedDrain) reader.write(payload);
    }
  }
}
