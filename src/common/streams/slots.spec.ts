import { Slots } from './slots.js';

/** Tasks that go on when they are told to. */
function steps(slots: Slots, count: number): { begun: number[]; end: (n: number) => void; all: Promise<number[]> } {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const tasks = Array.from({ length: count }, (_, n) =>
    slots.run(async () => {
      begun.push(n);
      await new Promise<void>((resolve) => ends.set(n, resolve));
      return n;
    }),
  );
  return { begun, end: (n) => ends.get(n)?.(), all: Promise.all(tasks) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Slots', () => {
  it('runs no more at once than there are, and the others in their order', async () => {
    const { begun, end, all } = steps(new Slots(2), 4);
    await settled();
    expect(begun).toEqual([0, 1]);

    end(1);
    await settled();
    expect(begun).toEqual([0, 1, 2]);

    end(0);
    await settled();
    [2, 3].forEach(end);
    expect(await all).toEqual([0, 1, 2, 3]);
  });

  it('gives the slot of a task that fails to the next', async () => {
    const slots = new Slots(1);
    const failing = slots.run(() => Promise.reject(new Error('no')));
    const next = slots.run(async () => 'yes');

    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('has as many as before after a while of use', async () => {
    const slots = new Slots(1);
    await Promise.all([slots.run(settled), slots.run(settled)]);
    const { begun, end, all } = steps(slots, 2);
    await settled();

    expect(begun).toEqual([0]);

    end(0);
    await settled();
    end(1);
    await all;
  });
});
