/** Delays that double from `minMs` to `maxMs`, each with up to half of it taken off by chance, so that many clients do not come back together. */
export class Backoff {
  private attempt = 0;

  constructor(
    private readonly minMs: number,
    private readonly maxMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  nextMs(): number {
    const ceilingMs = Math.min(this.maxMs, this.minMs * 2 ** this.attempt);
    this.attempt += 1;
    return Math.max(this.minMs, ceilingMs * (1 - this.random() / 2));
  }

  reset(): void {
    this.attempt = 0;
  }
}
