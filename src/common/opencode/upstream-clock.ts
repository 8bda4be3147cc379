/** An id begins with 48 bits: 36 of a time in milliseconds, whose upper bits are cut off, and 12 of a counter. */
const TIME_RANGE_MS = 2 ** 36;
const TIME_DIGITS = 9;
const WINDOW_MS = 60_000;

/** When something was made, by OpenCode's clock and its id, in Unix ms; what the id leaves out is taken from a time nearby. */
export function timeOfId(id: string, nearMs: number): number | undefined {
  const hex = /^[a-z]+_([0-9a-f]{12})/.exec(id)?.[1];
  if (hex === undefined) return undefined;
  const aheadMs = (parseInt(hex.slice(0, TIME_DIGITS), 16) - nearMs) % TIME_RANGE_MS;
  if (aheadMs > TIME_RANGE_MS / 2) return nearMs + aheadMs - TIME_RANGE_MS;
  return nearMs + aheadMs + (aheadMs < -TIME_RANGE_MS / 2 ? TIME_RANGE_MS : 0);
}

/**
 * OpenCode's clock, read off the ids of its events.
 *
 * Prompts carry ids of our making, which OpenCode compares within a millisecond: they take their time from its clock. An
 * event arrives later than it was made, so of the differences seen the largest is nearest to the truth.
 */
export class UpstreamClock {
  private current = { sinceMs: 0, offsetMs: -Infinity };
  private previousOffsetMs = -Infinity;

  observe(eventId: string, nowMs: number): void {
    const madeAtMs = timeOfId(eventId, nowMs);
    if (madeAtMs === undefined) return;
    if (nowMs - this.current.sinceMs > WINDOW_MS) {
      this.previousOffsetMs = this.current.offsetMs;
      this.current = { sinceMs: nowMs, offsetMs: -Infinity };
    }
    this.current.offsetMs = Math.max(this.current.offsetMs, madeAtMs - nowMs);
  }

  nowMs(localMs: number = Date.now()): number {
    const offsetMs = Math.max(this.current.offsetMs, this.previousOffsetMs);
    return Number.isFinite(offsetMs) ? Math.round(localMs + offsetMs) : localMs;
  }
}
