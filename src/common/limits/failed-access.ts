import { createHash } from 'node:crypto';
import { GatewayError } from '../errors/gateway-error.js';
import { TokenBuckets } from './token-buckets.js';

const MAX_FAMILIAR = 10_000;

/**
 * How often callers from one address may fail to say who they are.
 *
 * Beyond that nothing is looked at any more that was not accepted before, so that nobody can guess on. Who was let in before still
 * is: many callers share one address behind a proxy, and one that fails must not cost the others their access.
 */
export class FailedAccess {
  private readonly failures: TokenBuckets;
  /** Digests of credentials that were accepted, the oldest first. */
  private readonly familiar = new Set<string>();

  /** @param perMinute - 0: as often as they like */
  constructor(perMinute: number) {
    this.failures = new TokenBuckets(perMinute);
  }

  /**
   * What `authenticate` gives.
   *
   * @param peer - the address they come from
   * @param shown - what they show, as text
   * @throws GatewayError what `authenticate` throws; RESOURCE_EXHAUSTED after too many failures
   */
  async watch<T>(peer: string, shown: string, authenticate: () => T | Promise<T>): Promise<T> {
    const retryAfterMs = this.failures.msUntilNext(peer);
    const digest = createHash('sha256').update(shown).digest('base64');
    if (retryAfterMs > 0 && !this.familiar.has(digest)) {
      throw new GatewayError('RESOURCE_EXHAUSTED', 'Too many calls from this address had no valid credentials', {
        reason: 'TOO_MANY_FAILURES',
        retryAfterMs,
      });
    }
    try {
      const accepted = await authenticate();
      this.remember(digest);
      return accepted;
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'UNAUTHENTICATED') this.failures.take(peer);
      throw error;
    }
  }

  private remember(digest: string): void {
    if (this.familiar.has(digest)) return;
    const [oldest] = this.familiar;
    if (this.familiar.size >= MAX_FAMILIAR && oldest !== undefined) this.familiar.delete(oldest);
    this.familiar.add(digest);
  }
}
