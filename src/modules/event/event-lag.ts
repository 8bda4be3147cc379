import { timeOfId } from '../../common/opencode/upstream-clock.js';

/** As much as clocks that are kept in time may run apart: what NTP slews one by. */
const MAX_DRIFT = 500e-6;

/**
 * How late events are, by the times in their ids.
 *
 * OpenCode's clock may be another machine's. So an event is as late as it took longer than the fastest one that ever came, which is what
 * the two clocks differ by and the least that the way takes. That difference may grow as fast as clocks drift and no faster: when all events
 * begin to come late, that is told for hours.
 */
export class EventLag {
  private fastestMs = Infinity;
  private observedAtMs = 0;

  /** In seconds, never negative; undefined for an id without a time. */
  observe(eventId: string, nowMs: number): number | undefined {
    const madeAtMs = timeOfId(eventId, nowMs);
    if (madeAtMs === undefined) return undefined;
    const tookMs = nowMs - madeAtMs;
    this.fastestMs = Math.min(tookMs, this.fastestMs + (nowMs - this.observedAtMs) * MAX_DRIFT);
    this.observedAtMs = nowMs;
    return (tookMs - this.fastestMs) / 1_000;
  }

  /** Behind another connection may be another machine. */
  begin(): void {
    this.fastestMs = Infinity;
  }
}
