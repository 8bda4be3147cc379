import { TurnQueue } from './turn.queue.js';

interface Task {
  readonly run: () => Promise<void>;
  readonly end: () => void;
}

function tasks(log: string[], ...names: readonly string[]): Task[] {
  return names.map((name) => {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const run = (): Promise<void> => {
      log.push(name);
      return ended;
    };
    return { run, end };
  });
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('TurnQueue', () => {
  it('runs the first task of a session at once', () => {
    const log: string[] = [];
    const queue = new TurnQueue(5);

    for (const { run } of tasks(log, 'a')) queue.add('ses_1', run);

    expect(log).toEqual(['a']);
  });

  it('runs the next task only when the one before has ended, in order', async () => {
    const log: string[] = [];
    const queue = new TurnQueue(5);
    const all = tasks(log, 'a', 'b', 'c');
    for (const { run } of all) queue.add('ses_1', run);

    const stages: string[] = [];
    for (const { end } of all) {
      stages.push(log.join(''));
      end();
      await settle();
    }

    expect(stages).toEqual(['a', 'ab', 'abc']);
  });

  it('runs tasks of different sessions side by side', () => {
    const log: string[] = [];
    const queue = new TurnQueue(0);

    for (const [index, { run }] of tasks(log, 'a', 'b').entries()) queue.add(`ses_${index}`, run);

    expect(log).toEqual(['a', 'b']);
  });

  it('refuses a task when too many wait, and says when to come back', () => {
    const queue = new TurnQueue(1);
    const [first, second, third] = tasks([], 'a', 'b', 'c').map(
      ({ run }) =>
        () =>
          queue.add('ses_1', run),
    );
    first?.();
    second?.();

    expect(third).toThrow(expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', reason: 'QUEUE_FULL' }) as Error);
  });

  it('has a place for the running task though none may wait', () => {
    const queue = new TurnQueue(0);
    const [first, second] = tasks([], 'a', 'b').map(
      ({ run }) =>
        () =>
          queue.add('ses_1', run),
    );

    expect(first).not.toThrow();
    expect(second).toThrow('0 turns wait');
  });

  it('counts the running task and those that wait', async () => {
    const queue = new TurnQueue(5);
    const all = tasks([], 'a', 'b');
    const lengths = [queue.lengthOf('ses_1')];

    for (const { run } of all) {
      queue.add('ses_1', run);
      lengths.push(queue.lengthOf('ses_1'));
    }
    for (const { end } of all) {
      end();
      await settle();
      lengths.push(queue.lengthOf('ses_1'));
    }

    expect(lengths).toEqual([0, 1, 2, 1, 0]);
  });

  it('takes tasks again after it was empty', async () => {
    const log: string[] = [];
    const queue = new TurnQueue(0);
    const [first, second] = tasks(log, 'a', 'b');
    if (first) queue.add('ses_1', first.run);
    first?.end();
    await settle();

    if (second) queue.add('ses_1', second.run);

    expect(log).toEqual(['a', 'b']);
  });
});
