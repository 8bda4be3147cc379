import { TokenBuckets } from './token-buckets.js';

const MINUTE_MS = 60_000;

function takes(buckets: TokenBuckets, key: string, count: number): number {
  return Array.from({ length: count }, () => buckets.take(key)).filter(Boolean).length;
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('TokenBuckets', () => {
  it('gives those of a minute at once, and no more', () => {
    expect(takes(new TokenBuckets(60), 'ci', 100)).toBe(60);
  });

  it('fills evenly, and not beyond those of a minute', () => {
    const buckets = new TokenBuckets(60);
    takes(buckets, 'ci', 60);

    jest.advanceTimersByTime(1_500);
    const afterAWhile = takes(buckets, 'ci', 100);
    jest.advanceTimersByTime(5 * MINUTE_MS);

    expect([afterAWhile, takes(buckets, 'ci', 100)]).toEqual([1, 60]);
  });

  it('keeps half a token for later', () => {
    const buckets = new TokenBuckets(60);
    takes(buckets, 'ci', 60);

    const given = [700, 700, 700].map((ms) => {
      jest.advanceTimersByTime(ms);
      return takes(buckets, 'ci', 10);
    });

    expect(given).toEqual([0, 1, 1]);
  });

  it('says how long the next one takes', () => {
    const buckets = new TokenBuckets(60);
    const before = buckets.msUntilNext('ci');
    takes(buckets, 'ci', 60);
    const empty = buckets.msUntilNext('ci');

    jest.advanceTimersByTime(400);

    expect([before, empty, buckets.msUntilNext('ci')]).toEqual([0, 1_000, 600]);
  });

  it('takes nobody anything for what another did', () => {
    const buckets = new TokenBuckets(3);
    takes(buckets, 'loud', 100);

    expect(takes(buckets, 'quiet', 3)).toBe(3);
  });

  it('knows no limit of 0', () => {
    const buckets = new TokenBuckets(0);

    expect([takes(buckets, 'ci', 10_000), buckets.msUntilNext('ci'), buckets.size]).toEqual([10_000, 0, 0]);
  });

  it('forgets who was idle until the bucket was full again', () => {
    const buckets = new TokenBuckets(10);
    for (let key = 0; key < 100; key += 1) buckets.take(`peer-${key}`);
    jest.advanceTimersByTime(MINUTE_MS / 2);
    buckets.take('peer-1');

    jest.advanceTimersByTime(MINUTE_MS / 2);
    buckets.take('another');

    expect(buckets.size).toBe(2);
  });

  it('remembers only so many at a time', () => {
    const buckets = new TokenBuckets(10, 50);

    for (let key = 0; key < 1_000; key += 1) buckets.take(`peer-${key}`);

    expect(buckets.size).toBe(50);
  });
});
