import { Backoff } from '../../../common/streams/backoff.js';

/** When to try again what failed. */
export interface RetryPolicy {
  readonly minMs: number;
  readonly maxMs: number;
  readonly maxTries: number;
  /** From the first try on. */
  readonly maxTotalMs: number;
}

/** A receiver that is away for ten minutes, for a deployment say, misses nothing. */
export const PUSH_RETRIES: RetryPolicy = { minMs: 1_000, maxMs: 10 * 60_000, maxTries: 12, maxTotalMs: 60 * 60_000 };

/** The tries of one notification. What a receiver asks for (`Retry-After`) counts up to the longest of our own delays. */
export class RetrySchedule {
  private readonly backoff: Backoff;
  private tries = 1;
  private beganMs = performance.now();

  constructor(private readonly policy: RetryPolicy) {
    this.backoff = new Backoff(policy.minMs, policy.maxMs);
  }

  /** How long to wait after a failure; undefined when it was the last. */
  nextMs(askedMs: number | undefined): number | undefined {
    const { maxMs, maxTries, maxTotalMs } = this.policy;
    const waitMs = Math.max(this.backoff.nextMs(), Math.min(askedMs ?? 0, maxMs));
    this.tries += 1;
    return this.tries > maxTries || performance.now() - this.beganMs + waitMs > maxTotalMs ? undefined : waitMs;
  }

  /** Something else is to be told from here: it gets all its tries. The receiver is as bad as it was, so delays stay. */
  renew(): void {
    this.tries = 1;
    this.beganMs = performance.now();
  }
}
