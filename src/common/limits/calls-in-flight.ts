import { GatewayError } from '../errors/gateway-error.js';

const RETRY_AFTER_MS = 1_000;

/**
 * The calls that wait for their answers, at both doors: beyond so many, new ones are refused before anything is done for them.
 *
 * A stream is one of them until it begins to be written; then it is one of the open streams. What must be answered under any load
 * does not enter.
 */
export class CallsInFlight {
  private readonly calls = new Set<object>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.calls.size;
  }

  /** @throws GatewayError UNAVAILABLE */
  enter(call: object): void {
    if (this.calls.size >= this.max) {
      throw new GatewayError('UNAVAILABLE', 'Too many calls are in flight', { reason: 'OVERLOADED', retryAfterMs: RETRY_AFTER_MS });
    }
    this.calls.add(call);
  }

  /** Does no harm twice, and none for who never entered. */
  leave(call: object): void {
    this.calls.delete(call);
  }
}
