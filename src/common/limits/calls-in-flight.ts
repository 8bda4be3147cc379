import { GatewayError } from '../errors/gateway-error.js';

const RETRY_AFTER_MS = 1_000;
/** Reason of the refusal. */
export const OVERLOADED = 'OVERLOADED';

/**
 * The calls that wait for their answers, at both doors: beyond so many, new ones are refused before anything is done for them.
 *
 * A stream is one of them until it begins to be written; then it is one of the open streams.
 */
export class CallsInFlight {
  /** How many were refused. */
  refused = 0;
  private readonly calls = new Set<object>();
  private whenNone: (() => void)[] = [];

  constructor(private readonly max: number) {}

  get size(): number {
    return this.calls.size;
  }

  /** @throws GatewayError UNAVAILABLE, unless it must be answered under any load */
  enter(call: object, isUrgent = false): void {
    if (!isUrgent && this.calls.size >= this.max) {
      this.refused += 1;
      throw new GatewayError('UNAVAILABLE', 'Too many calls are in flight', { reason: OVERLOADED, retryAfterMs: RETRY_AFTER_MS });
    }
    this.calls.add(call);
  }

  /** Does no harm twice, and none for who never entered. */
  leave(call: object): void {
    if (!this.calls.delete(call) || this.calls.size > 0) return;
    for (const resolve of this.whenNone.splice(0)) resolve();
  }

  /** Resolves when none waits. */
  async untilNone(): Promise<void> {
    if (this.calls.size > 0) await new Promise<void>((resolve) => this.whenNone.push(resolve));
  }
}
