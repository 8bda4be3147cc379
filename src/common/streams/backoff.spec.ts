import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('doubles up to its maximum', () => {
    const backoff = new Backoff(250, 5_000, () => 0);

    const delays = Array.from({ length: 7 }, () => backoff.nextMs());

    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('takes up to half of a delay off by chance', () => {
    const backoff = new Backoff(100, 10_000, () => 0.999_999);

    const delays = Array.from({ length: 4 }, () => Math.round(backoff.nextMs()));

    expect(delays).toEqual([100, 100, 200, 400]);
  });

  it('never waits less than its minimum', () => {
    const backoff = new Backoff(250, 5_000, () => 0.999_999);

    expect(backoff.nextMs()).toBe(250);
  });

  it('begins anew after a reset', () => {
    const backoff = new Backoff(250, 5_000, () => 0);
    for (let attempt = 0; attempt < 5; attempt += 1) backoff.nextMs();

    backoff.reset();

    expect(backoff.nextMs()).toBe(250);
  });

  it('stays finite after very many attempts', () => {
    const backoff = new Backoff(250, 5_000, () => 0);
    for (let attempt = 0; attempt < 2_000; attempt += 1) backoff.nextMs();

    expect(backoff.nextMs()).toBe(5_000);
  });
});
