import { EventLag } from './event-lag.js';

const NOW_MS = 1_795_247_375_000;
const HOUR_MS = 3_600_000;

function idMadeAt(ms: number): string {
  return `evt_${(ms % 2 ** 36).toString(16).padStart(9, '0')}001abcdefghijklmn`;
}

/** What is told of events that took so long, one a second. */
function lagsOf(tookMs: readonly number[], everyMs = 1_000): (number | undefined)[] {
  const lag = new EventLag();
  return tookMs.map((ms, index) => lag.observe(idMadeAt(NOW_MS + index * everyMs - ms), NOW_MS + index * everyMs));
}

describe('EventLag', () => {
  it('tells how much longer than the fastest an event took', () => {
    expect(lagsOf([2, 2, 502])).toEqual([0, 0, expect.closeTo(0.5, 2)]);
  });

  it.each([
    ['ahead', -90_000],
    ['behind', 90_000],
  ])('is not misled by a clock that is %s', (_, skewMs) => {
    expect(lagsOf([skewMs, skewMs + 250])).toEqual([0, expect.closeTo(0.25, 2)]);
  });

  it('is never negative, however the clock jumps', () => {
    expect(lagsOf([500, -5_000, -6_000, 0])).toEqual([0, 0, 0, expect.closeTo(6, 1)]);
  });

  it('goes on telling of a delay that lasts, and follows a clock that drifts', () => {
    const minutes = Array.from({ length: 30 }, () => 5_000);

    expect(lagsOf([1, ...minutes], 60_000).at(-1)).toBeGreaterThan(4);
    expect(Math.max(...lagsOf([0, 1_000, 2_000, 3_000], HOUR_MS).map(Number))).toBe(0);
  });

  it('begins anew with another connection', () => {
    const lag = new EventLag();
    lag.observe(idMadeAt(NOW_MS), NOW_MS);
    lag.begin();

    expect(lag.observe(idMadeAt(NOW_MS - 700), NOW_MS)).toBe(0);
  });

  it('says nothing of an id without a time', () => {
    expect(new EventLag().observe('evt_1', NOW_MS)).toBeUndefined();
  });
});
