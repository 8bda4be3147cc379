import { KeyedLock } from './keyed-lock.js';

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

describe('KeyedLock', () => {
  it('runs tasks of one key one after another, in order', async () => {
    const lock = new KeyedLock();
    const gate = deferred();
    const log: string[] = [];

    const first = lock.run('key', async () => {
      log.push('first begins');
      await gate.promise;
      log.push('first ends');
    });
    const second = lock.run('key', async () => log.push('second'));
    const third = lock.run('key', async () => log.push('third'));
    gate.resolve();
    await Promise.all([first, second, third]);

    expect(log).toEqual(['first begins', 'first ends', 'second', 'third']);
  });

  it('runs tasks of different keys side by side', async () => {
    const lock = new KeyedLock();
    const gate = deferred();
    const slow = lock.run('slow', () => gate.promise);

    const result = await lock.run('fast', async () => 'done');

    expect(result).toBe('done');
    gate.resolve();
    await slow;
  });

  it('gives the failure of a task to its caller and goes on', async () => {
    const lock = new KeyedLock();

    const failed = lock.run('key', () => Promise.reject(new Error('broke')));
    const next = lock.run('key', async () => 'done');

    await expect(failed).rejects.toThrow('broke');
    await expect(next).resolves.toBe('done');
  });

  it('keeps nothing of a key whose tasks have ended', async () => {
    const lock = new KeyedLock();

    await Promise.all([lock.run('key', async () => 1), lock.run('key', async () => 2)]);

    expect((lock as unknown as { tails: Map<string, unknown> }).tails.size).toBe(0);
  });
});
