import { GatewayError } from '../errors/gateway-error.js';
import type { Principal } from '../access/principal.js';
import { TokenBuckets } from './token-buckets.js';

/** Reason of the refusal. */
export const RATE_LIMITED = 'RATE_LIMITED';

/** How often one principal may call, over both doors together. */
export class PrincipalRate {
  private readonly buckets: TokenBuckets;

  /** @param perMinute - 0: as often as they like */
  constructor(private readonly perMinute: number) {
    this.buckets = new TokenBuckets(perMinute);
  }

  /** Counts a call. @throws GatewayError RESOURCE_EXHAUSTED */
  charge({ id }: Principal): void {
    if (this.buckets.take(id)) return;
    throw new GatewayError('RESOURCE_EXHAUSTED', `At most ${this.perMinute} calls a minute`, {
      reason: RATE_LIMITED,
      metadata: { limit: String(this.perMinute) },
      retryAfterMs: this.buckets.msUntilNext(id),
    });
  }
}
