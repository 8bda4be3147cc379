const MINUTE_MS = 60_000;
/** Of peers there are as many as somebody likes to make up. */
const MAX_KEYS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * A token bucket for each key: so many a minute, refilled evenly, and never more than those of a minute at once.
 *
 * Whoever was idle for a minute has a full bucket and is forgotten; beyond so many keys the oldest is.
 */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>();
  private sweptAtMs = performance.now();

  /** @param perMinute - 0: no limit */
  constructor(
    private readonly perMinute: number,
    private readonly maxKeys = MAX_KEYS,
  ) {}

  /** How many keys are remembered. */
  get size(): number {
    return this.buckets.size;
  }

  /** Takes one token if there is one. */
  take(key: string): boolean {
    if (this.perMinute === 0) return true;
    const bucket = this.refilled(key);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  /** 0 when there is a token. */
  msUntilNext(key: string): number {
    if (this.perMinute === 0 || !this.buckets.has(key)) return 0;
    return Math.ceil((Math.max(0, 1 - this.refilled(key).tokens) * MINUTE_MS) / this.perMinute);
  }

  private refilled(key: string): Bucket {
    const nowMs = performance.now();
    if (nowMs - this.sweptAtMs >= MINUTE_MS) this.sweep(nowMs);
    const bucket = this.buckets.get(key) ?? this.add(key, nowMs);
    bucket.tokens = Math.min(this.perMinute, bucket.tokens + ((nowMs - bucket.atMs) * this.perMinute) / MINUTE_MS);
    bucket.atMs = nowMs;
    return bucket;
  }

  private add(key: string, atMs: number): Bucket {
    const [oldest] = this.buckets.keys();
    if (this.buckets.size >= this.maxKeys && oldest !== undefined) this.buckets.delete(oldest);
    const bucket = { tokens: this.perMinute, atMs };
    this.buckets.set(key, bucket);
    return bucket;
  }

  private sweep(nowMs: number): void {
    this.sweptAtMs = nowMs;
    for (const [key, { atMs }] of this.buckets) if (nowMs - atMs >= MINUTE_MS) this.buckets.delete(key);
  }
}
