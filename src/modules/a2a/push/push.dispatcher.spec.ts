import { Logger } from '@nestjs/common';
import { eventually } from '../../../../test/support/eventually.js';
import { losable, newTaskId, PushGateway, QUICK, statesAt } from '../../../../test/support/push-rig.js';
import { ScriptedTasks } from '../../../../test/support/scripted-tasks.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { MemoryTaskStore } from '../store/memory-task.store.js';

describe('PushDispatcher', () => {
  const task = newTaskId();
  let store: MemoryTaskStore;
  let tasks: ScriptedTasks;
  let receiver: WebhookReceiver;
  let other: WebhookReceiver;
  let gateway: PushGateway;
  let warnings: jest.SpyInstance;

  beforeEach(async () => {
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    store = new MemoryTaskStore();
    tasks = new ScriptedTasks();
    receiver = await WebhookReceiver.start();
    other = await WebhookReceiver.start();
    gateway = new PushGateway(store, tasks);
  });

  afterEach(async () => {
    // Receivers first: one that a test left without an answer would keep the gateway.
    await Promise.all([receiver.stop(), other.stop()]);
    await gateway.stop();
    warnings.mockRestore();
  });

  const isOver = (): Promise<void> => eventually(async () => (await store.unfinishedPushTasks(1)).length === 0 && tasks.followers === 0);

  /** Lets the task be in a state, and waits until the receiver knows. */
  async function goThrough(...states: Parameters<ScriptedTasks['change']>[1][]): Promise<void> {
    for (const state of states) {
      const before = receiver.received.length;
      tasks.change(task, state);
      await receiver.has(before + 1);
    }
  }

  describe('what is told', () => {
    it('is every change of state, in order, though nobody else follows the task', async () => {
      tasks.change(task, 'submitted');
      await gateway.tell(receiver, task);

      await goThrough('working', 'input_required', 'working', 'completed');
      await isOver();

      expect(statesAt(receiver)).toEqual(['working', 'input_required', 'working', 'completed']);
    });

    it('is in the words of the version that the receiver was registered with', async () => {
      tasks.change(task, 'working');
      await gateway.tell(receiver, task, { id: 'new', version: '1.0' });
      await gateway.tell(other, task, { id: 'old', version: '0.3' });
      tasks.change(task, 'failed');
      await isOver();

      expect(receiver.received.at(-1)).toMatchObject({
        body: { version: '1.0', state: 'failed' },
        headers: {
          'content-type': 'application/a2a+json',
          authorization: 'Bearer open-sesame',
          'x-a2a-notification-token': 'tell-me-apart',
        },
      });
      expect(other.received.at(-1)).toMatchObject({
        body: { version: '0.3', state: 'failed' },
        headers: { 'content-type': 'application/json' },
      });
    });

    it('is a state once, and another question in the same state', async () => {
      tasks.change(task, 'working');
      await gateway.tell(receiver, task);
      await receiver.has(1);
      tasks.change(task, 'working');
      tasks.change(task, 'input_required', ['q1']);
      await receiver.has(2);
      tasks.change(task, 'input_required', ['q1']);
      tasks.change(task, 'input_required', ['q1', 'q2']);
      await receiver.has(3);
      await goThrough('canceled');

      expect(statesAt(receiver)).toEqual(['working', 'input_required', 'input_required', 'canceled']);
    });

    it('is the end, to a receiver that comes after it; and not once more to those who know', async () => {
      tasks.change(task, 'completed');
      await gateway.tell(receiver, task, { id: 'first' });
      await isOver();

      await gateway.tell(other, task, { id: 'second' });
      await other.has(1);
      await isOver();

      expect([statesAt(receiver), statesAt(other)]).toEqual([['completed'], ['completed']]);
    });

    it('is nothing of a task that is gone', async () => {
      await gateway.tell(receiver, task);
      await isOver();

      expect(receiver.received).toEqual([]);
    });

    it('goes to a receiver that comes while the task runs, from then on', async () => {
      tasks.change(task, 'working');
      await gateway.tell(receiver, task, { id: 'first' });
      await receiver.has(1);
      await gateway.tell(other, task, { id: 'second' });
      await other.has(1);
      await goThrough('completed');
      await isOver();

      expect([statesAt(receiver), statesAt(other)]).toEqual([
        ['working', 'completed'],
        ['working', 'completed'],
      ]);
    });

    it('goes to the receiver that took the place of another, and to no other', async () => {
      tasks.change(task, 'working');
      await gateway.tell(receiver, task);
      await receiver.has(1);
      await gateway.tell(other, task);
      tasks.change(task, 'completed');
      await isOver();

      expect(statesAt(receiver)).toEqual(['working']);
      expect(statesAt(other).at(-1)).toBe('completed');
    });
  });

  describe('a receiver', () => {
    it('that fails is tried again until it succeeds', async () => {
      receiver.answer = (before) => (before < 2 ? 503 : 204);
      tasks.change(task, 'completed');
      await gateway.tell(receiver, task);
      await isOver();

      expect(statesAt(receiver)).toEqual(['completed', 'completed', 'completed']);
      expect(await gateway.metrics.text()).toContain('a2a_push_deliveries_total{outcome="failed"} 2');
      expect(await gateway.metrics.text()).toContain('a2a_push_deliveries_total{outcome="delivered"} 1');
    });

    it('that goes on to fail is given up, and the task is over', async () => {
      receiver.answer = () => 500;
      tasks.change(task, 'completed');
      await gateway.tell(receiver, task);
      await isOver();

      expect(receiver.received).toHaveLength(QUICK.retries.maxTries);
      expect(await gateway.metrics.text()).toContain('a2a_push_deliveries_total{outcome="given_up"} 1');
    });

    it('that refuses is not tried again, but told of the next change', async () => {
      receiver.answer = () => 404;
      tasks.change(task, 'working');
      await gateway.tell(receiver, task);
      await goThrough('input_required', 'completed');
      await isOver();

      expect(new Set(statesAt(receiver)).size).toBe(receiver.received.length);
      expect(statesAt(receiver).at(-1)).toBe('completed');
      expect(await gateway.configs.list(task)).toHaveLength(1);
    });

    it('that is gone loses its configuration', async () => {
      receiver.answer = () => 410;
      tasks.change(task, 'working');
      await gateway.tell(receiver, task);
      await eventually(async () => (await gateway.configs.list(task)).length === 0);
      tasks.change(task, 'completed');
      await isOver();

      expect(receiver.received).toHaveLength(1);
    });

    it('that is deleted is told nothing more but what was on its way, not even what is being tried again', async () => {
      receiver.answer = () => 503;
      const patient = new PushGateway(store, tasks, { ...QUICK, retries: { ...QUICK.retries, maxTries: 1_000_000 } });
      await gateway.stop();
      tasks.change(task, 'completed');
      await patient.tell(receiver, task);
      await receiver.has(3);

      await patient.configs.delete(task, 'c1');
      await isOver();
      const told = receiver.received.length;
      // In the time of another's tries it would have had some more.
      const another = newTaskId();
      other.answer = (before) => (before < 5 ? 503 : 204);
      tasks.change(another, 'completed');
      await patient.tell(other, another);
      await other.has(6);
      await patient.stop();

      expect(receiver.received.length).toBeLessThanOrEqual(told + 1);
    });

    it('that is slow is told the newest that there is, and always the end', async () => {
      let answer: (status: number) => void = () => undefined;
      receiver.answer = (before) => (before === 0 ? new Promise((resolve) => (answer = resolve)) : 204);
      tasks.change(task, 'working');
      await gateway.tell(receiver, task, { id: 'slow' });
      await gateway.tell(other, task, { id: 'quick' });
      await Promise.all([receiver.has(1), other.has(1)]);
      for (const [n, state] of (['input_required', 'working', 'completed'] as const).entries()) {
        tasks.change(task, state);
        // A slow one holds up no other.
        await other.has(n + 2);
      }

      answer(204);
      await isOver();

      expect(statesAt(receiver)).toEqual(['working', 'completed']);
      expect(statesAt(other)).toEqual(['working', 'input_required', 'working', 'completed']);
    });

    it('that failed is told the newest when it is tried again', async () => {
      let answer: (status: number) => void = () => undefined;
      receiver.answer = (before) => (before === 0 ? new Promise((resolve) => (answer = resolve)) : 204);
      tasks.change(task, 'working');
      await gateway.tell(receiver, task, { id: 'failing' });
      await gateway.tell(other, task, { id: 'quick' });
      await receiver.has(1);
      tasks.change(task, 'completed');
      await eventually(() => statesAt(other).includes('completed'));

      answer(500);
      await isOver();

      expect(statesAt(receiver)).toEqual(['working', 'completed']);
    });
  });

  it('goes on where it was when the store was away for a while', async () => {
    await gateway.stop();
    const ours = losable(store);
    gateway = new PushGateway(ours.store, tasks);
    tasks.change(task, 'working');
    await gateway.tell(receiver, task);
    await receiver.has(1);

    ours.lose();
    tasks.change(task, 'completed');
    await eventually(() => tasks.followers === 0);
    // Nobody could release the lease; it ends in time, and is our own.
    ours.find();
    await isOver();

    expect(statesAt(receiver)).toEqual(['working', 'completed']);
  });

  it('serves a receiver at once that comes while the work for the others ends', async () => {
    await gateway.stop();
    // The first scan comes with the start, the next not in this test.
    gateway = new PushGateway(store, tasks, { ...QUICK, scanMs: 3_600_000 });
    let release: () => void = () => undefined;
    const releasing = jest.spyOn(store, 'release').mockImplementationOnce(() => new Promise((resolve) => (release = resolve)));
    tasks.change(task, 'completed');
    await gateway.tell(receiver, task, { id: 'first' });
    await eventually(() => releasing.mock.calls.length === 1);

    await gateway.tell(other, task, { id: 'second' });
    release();
    await isOver();

    expect([statesAt(receiver), statesAt(other)]).toEqual([['completed'], ['completed']]);
  });
});
