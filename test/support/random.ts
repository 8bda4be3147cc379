/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Random {
  private state: number;

  /** `FUZZ_SEED` repeats a run. */
  constructor(readonly seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000)) {
    this.state = seed;
  }

  /** From 0, below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
