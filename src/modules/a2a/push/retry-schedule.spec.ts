import { PUSH_RETRIES, RetrySchedule, type RetryPolicy } from './retry-schedule.js';

const POLICY: RetryPolicy = { minMs: 100, maxMs: 1_000, maxTries: 4, maxTotalMs: 60_000 };

/** All delays until the last try. */
function delaysOf(schedule: RetrySchedule, askedMs?: number): number[] {
  const delays: number[] = [];
  for (let ms = schedule.nextMs(askedMs); ms !== undefined; ms = schedule.nextMs(askedMs)) delays.push(ms);
  return delays;
}

describe('RetrySchedule', () => {
  it('ends after so many tries', () => {
    expect(delaysOf(new RetrySchedule(POLICY))).toHaveLength(POLICY.maxTries - 1);
  });

  it('waits longer each time, within its bounds', () => {
    const [first = 0, second = 0, third = 0] = delaysOf(new RetrySchedule(POLICY));

    expect([first >= 100 && first <= 100, second >= 100 && second <= 200, third >= 200 && third <= 400]).toEqual([true, true, true]);
  });

  it('waits as long as a receiver asks for, within bounds', () => {
    expect(delaysOf(new RetrySchedule(POLICY), 700)).toEqual([700, 700, 700]);
    expect(delaysOf(new RetrySchedule(POLICY), 86_400_000)).toEqual([1_000, 1_000, 1_000]);
  });

  it('ends when the next try would come too late', () => {
    expect(delaysOf(new RetrySchedule({ ...POLICY, maxTotalMs: 50 }))).toEqual([]);
  });

  it('gives what is newer all its tries', () => {
    const schedule = new RetrySchedule(POLICY);
    schedule.nextMs(undefined);
    schedule.nextMs(undefined);

    schedule.renew();

    expect(delaysOf(schedule)).toHaveLength(POLICY.maxTries - 1);
  });

  it('outlasts ten minutes by default, and no more than one hour', () => {
    const total = delaysOf(new RetrySchedule(PUSH_RETRIES)).reduce((sum, ms) => sum + ms, 0);

    expect(total).toBeGreaterThan(10 * 60_000);
    expect(total).toBeLessThan(60 * 60_000);
  });
});
