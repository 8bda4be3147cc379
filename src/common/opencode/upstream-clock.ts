const MS_PER_TICK_BITS = 12n;
const TIME_BITS = 48;
const WINDOW_MS = 60_000;

/** Unix ms in an id of OpenCode, whose upper bits are cut off; they are taken from a time nearby. */
function timeOf(id: string, nearMs: number): number | undefined {
  const hex = /^[a-z]+_([0-9a-f]{12})/.exec(id)?.[1];
  if (hex === undefined) return undefined;
  const range = 1n << (BigInt(TIME_BITS) - MS_PER_TICK_BITS);
  const low = BigInt(`0x${hex}`) >> MS_PER_TICK_BITS;
  const near = BigInt(nearMs);
  const candidates = [-1n, 0n, 1n].map((step) => Number((near / range + step) * range + low));
  return candidates.reduce((best, candidate) => (Math.abs(candidate - nearMs) < Math.abs(best - nearMs) ? candidate : best));
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
    const madeAtMs = timeOf(eventId, nowMs);
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
