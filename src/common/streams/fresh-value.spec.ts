import { FreshValue } from './fresh-value.js';

const MAX_AGE_MS = 1_000;

function counting(): { read: jest.Mock<Promise<number>, []>; value: FreshValue<number> } {
  let count = 0;
  const read = jest.fn(() => Promise.resolve((count += 1)));
  return { read, value: new FreshValue(read, MAX_AGE_MS) };
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('FreshValue', () => {
  it('reads once for many who ask at the same time', async () => {
    const { read, value } = counting();

    const values = await Promise.all([value.get(), value.get(), value.get()]);

    expect(values).toEqual([1, 1, 1]);
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('keeps the value until it is too old', async () => {
    const { value } = counting();
    await value.get();

    jest.advanceTimersByTime(MAX_AGE_MS);
    const kept = await value.get();
    jest.advanceTimersByTime(1);
    const fresh = await value.get();

    expect([kept, fresh]).toEqual([1, 2]);
  });

  it('reads again for somebody who wants it fresher', async () => {
    const { value } = counting();
    await value.get();

    jest.advanceTimersByTime(101);

    await expect(value.get(100)).resolves.toBe(2);
  });

  it('does not keep a failure', async () => {
    const read = jest.fn<Promise<string>, []>().mockRejectedValueOnce(new Error('broke')).mockResolvedValueOnce('well');
    const value = new FreshValue(read, MAX_AGE_MS);
    await expect(value.get()).rejects.toThrow('broke');

    await expect(value.get()).resolves.toBe('well');
  });

  it('gives one failure to all who wait for it', async () => {
    const read = jest.fn<Promise<string>, []>().mockRejectedValueOnce(new Error('broke'));
    const value = new FreshValue(read, MAX_AGE_MS);

    const results = await Promise.allSettled([value.get(), value.get()]);

    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(read).toHaveBeenCalledTimes(1);
  });
});
