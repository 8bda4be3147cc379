import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../test/support/eventually.js';
import { pushConfig } from '../../../../test/support/push-config.js';
import { taskStoreRigs } from '../../../../test/support/task-stores.js';
import { MAX_PUSH_CONFIGS_PER_TASK, type TaskStore } from '../task.store.js';

const LONG_MS = 60_000;
const SHORT_MS = 100;

describe.each(taskStoreRigs())('$name', ({ start, stop, open }) => {
  let store: TaskStore;
  let other: TaskStore;
  /** What one test writes no other reads. */
  let task: string;

  beforeAll(start);
  afterAll(stop);

  beforeEach(() => {
    [store, other] = open();
    task = `ses_${randomUUID()}.msg_1`;
  });

  afterEach(() => Promise.all([store.close(), other.close()]));

  it('gives notes back as they were noted, and nothing of what nobody noted', async () => {
    await store.note(task, { contextId: 'ctx', outputModes: ['text/plain', 'image/*'] });

    expect(await other.notes(task)).toEqual({ contextId: 'ctx', outputModes: ['text/plain', 'image/*'] });
    expect(await other.notes('ses_2.msg_2')).toBeUndefined();
  });

  it('takes the newest notes', async () => {
    await store.note(task, { contextId: 'one', outputModes: [] });
    await store.note(task, { contextId: 'two', outputModes: [] });

    expect(await other.notes(task)).toEqual({ contextId: 'two', outputModes: [] });
  });

  it('keeps the first terminal state, whoever comes second', async () => {
    expect(await store.terminalState(task)).toBeUndefined();
    expect(await store.settle(task, 'canceled')).toBe('canceled');
    expect(await other.settle(task, 'completed')).toBe('canceled');
    expect(await store.terminalState(task)).toBe('canceled');
  });

  it('lets one of many win that settle at once', async () => {
    const states = ['completed', 'failed', 'canceled', 'rejected'] as const;

    const told = await Promise.all(states.flatMap((state) => [store.settle(task, state), other.settle(task, state)]));

    expect(new Set(told).size).toBe(1);
    expect(await store.terminalState(task)).toBe(told[0]);
  });

  it('binds a key once', async () => {
    expect(await store.bound(task)).toBeUndefined();
    expect(await store.bind(task, 'a', LONG_MS)).toBe('a');
    expect(await other.bind(task, 'b', LONG_MS)).toBe('a');
    expect(await other.bound(task)).toBe('a');
  });

  it('forgets a binding after its time', async () => {
    await store.bind(task, 'a', SHORT_MS);

    await eventually(async () => (await other.bound(task)) === undefined);

    expect(await other.bind(task, 'b', LONG_MS)).toBe('b');
  });

  it.each([
    ['with everything', pushConfig()],
    ['with nothing but an address', pushConfig({ token: '', authentication: undefined, version: '0.3' })],
  ])('gives back a push configuration %s', async (_, given) => {
    const config = { ...given, taskId: task };

    await store.putPushConfig(config);

    expect(await other.pushConfigs(task)).toEqual([config]);
    expect(await other.unfinishedPushConfigs(task)).toEqual([config]);
  });

  it('replaces a push configuration of the same id', async () => {
    await store.putPushConfig(pushConfig({ taskId: task, url: 'https://one.example.org/' }));
    await store.putPushConfig(pushConfig({ taskId: task, url: 'https://two.example.org/' }));

    expect(await other.pushConfigs(task)).toEqual([pushConfig({ taskId: task, url: 'https://two.example.org/' })]);
  });

  it('refuses one push configuration more than a task may have, and takes it in the place of another', async () => {
    for (let n = 0; n < MAX_PUSH_CONFIGS_PER_TASK; n += 1) await store.putPushConfig(pushConfig({ taskId: task, id: `c${n}` }));

    await expect(store.putPushConfig(pushConfig({ taskId: task, id: 'one more' }))).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      reason: 'TOO_MANY_PUSH_CONFIGS',
    });
    await store.putPushConfig(pushConfig({ taskId: task, id: 'c3', url: 'https://new.example.org/' }));
    expect(await store.deletePushConfig(task, 'c0')).toBe(true);
    await store.putPushConfig(pushConfig({ taskId: task, id: 'one more' }));

    expect(await other.pushConfigs(task)).toHaveLength(MAX_PUSH_CONFIGS_PER_TASK);
  });

  it('deletes a push configuration once', async () => {
    await store.putPushConfig(pushConfig({ taskId: task }));

    expect(await other.deletePushConfig(task, 'c1')).toBe(true);
    expect(await store.deletePushConfig(task, 'c1')).toBe(false);
    expect(await store.pushConfigs(task)).toEqual([]);
    expect(await store.unfinishedPushTasks(100)).not.toContain(task);
  });

  it('lists the tasks whose receivers wait for their end, oldest first and no more than asked for', async () => {
    const before = await store.unfinishedPushTasks(10_000);
    const tasks = ['z', 'a', 'm'].map((name) => `${name}-${task}`);
    for (const taskId of tasks) await store.putPushConfig(pushConfig({ taskId }));
    // A second one does not make a task younger.
    await store.putPushConfig(pushConfig({ taskId: `z-${task}`, id: 'c2' }));

    expect(await other.unfinishedPushTasks(10_000)).toEqual([...before, ...tasks]);
    expect(await other.unfinishedPushTasks(before.length + 2)).toEqual([...before, ...tasks.slice(0, 2)]);
  });

  it('keeps a push configuration whose receiver knows of the end, and waits for the other', async () => {
    const [first, second] = [pushConfig({ taskId: task }), pushConfig({ taskId: task, id: 'c2' })];
    await store.putPushConfig(first);
    await store.putPushConfig(second);

    await store.finishPush(first);
    expect(await other.unfinishedPushConfigs(task)).toEqual([second]);
    expect(await other.unfinishedPushTasks(10_000)).toContain(task);

    await other.finishPush(second);
    expect(await store.unfinishedPushConfigs(task)).toEqual([]);
    expect(await store.unfinishedPushTasks(10_000)).not.toContain(task);
    expect(await store.pushConfigs(task)).toEqual(expect.arrayContaining([first, second]));
  });

  it('begins anew with a push configuration that comes after the others are through', async () => {
    const [first, second] = [pushConfig({ taskId: task }), pushConfig({ taskId: task, id: 'c2' })];
    await store.putPushConfig(first);
    await store.finishPush(first);

    await other.putPushConfig(second);

    expect(await store.unfinishedPushConfigs(task)).toEqual([second]);
    expect(await store.unfinishedPushTasks(10_000)).toContain(task);
    expect(await store.pushConfigs(task)).toHaveLength(2);
  });

  it('does not take one push configuration for through that replaced the one that is', async () => {
    const [old, replacement] = [pushConfig({ taskId: task }), pushConfig({ taskId: task, url: 'https://new.example.org/' })];
    await store.putPushConfig(old);
    await other.putPushConfig(replacement);

    await store.finishPush(old);

    expect(await store.unfinishedPushConfigs(task)).toEqual([replacement]);
  });

  it('gives a lease to one holder, who may renew it', async () => {
    expect(await store.lease(task, 'me', LONG_MS)).toBe(true);
    expect(await other.lease(task, 'you', LONG_MS)).toBe(false);
    expect(await store.lease(task, 'me', LONG_MS)).toBe(true);
  });

  it('gives a lease to one of many who ask at once', async () => {
    const holders = Array.from({ length: 20 }, (_, n) => `holder ${n}`);

    const had = await Promise.all(holders.map((holder, n) => (n % 2 === 0 ? store : other).lease(task, holder, LONG_MS)));

    expect(had.filter(Boolean)).toHaveLength(1);
  });

  it('frees a lease that its holder releases, and no other does', async () => {
    await store.lease(task, 'me', LONG_MS);

    await other.release(task, 'you');
    expect(await other.lease(task, 'you', LONG_MS)).toBe(false);

    await store.release(task, 'me');
    expect(await other.lease(task, 'you', LONG_MS)).toBe(true);
  });

  it('frees a lease that nobody renews', async () => {
    await store.lease(task, 'me', SHORT_MS);

    await eventually(() => other.lease(task, 'you', LONG_MS));

    expect(await store.lease(task, 'me', LONG_MS)).toBe(false);
  });
});
