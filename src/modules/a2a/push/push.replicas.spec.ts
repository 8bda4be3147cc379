import { Logger } from '@nestjs/common';
import { eventually } from '../../../../test/support/eventually.js';
import { losable, newTaskId, PushGateway, QUICK, statesAt } from '../../../../test/support/push-rig.js';
import { ScriptedTasks } from '../../../../test/support/scripted-tasks.js';
import { taskStoreRigs } from '../../../../test/support/task-stores.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import type { TaskStore } from '../task.store.js';

/** Leases that a crashed gateway leaves behind end while the test looks. */
const SHORT_LEASES = { ...QUICK, leaseMs: 300 };

describe.each(taskStoreRigs())('Push notifications of two gateways that share a $name', ({ start, stop, open }) => {
  let stores: readonly [TaskStore, TaskStore];
  let tasks: ScriptedTasks;
  let receiver: WebhookReceiver;
  let gateways: PushGateway[];
  let task: string;
  let warnings: jest.SpyInstance;

  beforeAll(start);
  afterAll(stop);

  beforeEach(async () => {
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    stores = open();
    tasks = new ScriptedTasks();
    receiver = await WebhookReceiver.start();
    gateways = [];
    task = newTaskId();
  });

  afterEach(async () => {
    await receiver.stop();
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    await Promise.all(stores.map((store) => store.close()));
    warnings.mockRestore();
  });

  function startGateway(store: TaskStore, timing = QUICK): PushGateway {
    const gateway = new PushGateway(store, tasks, timing);
    gateways.push(gateway);
    return gateway;
  }

  const isOver = (): Promise<void> => eventually(async () => (await stores[0].unfinishedPushTasks(10)).length === 0);

  it('come from one of them', async () => {
    const [one] = [startGateway(stores[0]), startGateway(stores[1])];
    tasks.change(task, 'working');
    await one.tell(receiver, task);
    await receiver.has(1);
    for (const [n, state] of (['input_required', 'working', 'completed'] as const).entries()) {
      tasks.change(task, state);
      await receiver.has(n + 2);
    }
    await isOver();

    expect(tasks.followers).toBe(0);
    expect(statesAt(receiver)).toEqual(['working', 'input_required', 'working', 'completed']);
  });

  it('go on from the other when the first crashes, and the end is told', async () => {
    const lost = losable(stores[0]);
    const one = startGateway(lost.store, SHORT_LEASES);
    startGateway(stores[1], SHORT_LEASES);
    tasks.change(task, 'working');
    await one.tell(receiver, task);
    await receiver.has(1);

    // A process that is gone writes nothing, and releases nothing.
    lost.lose();
    tasks.change(task, 'completed');
    await isOver();

    expect(statesAt(receiver).at(0)).toBe('working');
    expect(statesAt(receiver).at(-1)).toBe('completed');
  });

  it('go on from the other when the first crashes in the middle of a notification', async () => {
    const lost = losable(stores[0]);
    const one = startGateway(lost.store, SHORT_LEASES);
    receiver.answer = (before) => (before === 0 ? new Promise(() => undefined) : 204);
    tasks.change(task, 'completed');
    await one.tell(receiver, task);
    await receiver.has(1);

    lost.lose();
    startGateway(stores[1], SHORT_LEASES);
    await isOver();

    expect(statesAt(receiver).slice(0, 2)).toEqual(['completed', 'completed']);
  });

  it('go on from the other at once when the first shuts down, however long its lease', async () => {
    const one = startGateway(stores[0]);
    startGateway(stores[1]);
    tasks.change(task, 'working');
    await one.tell(receiver, task);
    await receiver.has(1);

    await one.stop();
    tasks.change(task, 'completed');
    await isOver();

    expect(statesAt(receiver).at(-1)).toBe('completed');
  });

  it('are found by a gateway that starts later', async () => {
    tasks.change(task, 'working');
    const one = startGateway(stores[0]);
    await one.tell(receiver, task);
    await receiver.has(1);
    await one.stop();
    tasks.change(task, 'failed');

    startGateway(stores[1]);
    await isOver();

    expect(statesAt(receiver).at(-1)).toBe('failed');
  });

  it('reach a receiver that was registered at the gateway that does not tell', async () => {
    const late = await WebhookReceiver.start();
    const one = startGateway(stores[0], SHORT_LEASES);
    tasks.change(task, 'working');
    await one.tell(receiver, task, { id: 'first' });
    await receiver.has(1);

    await startGateway(stores[1], SHORT_LEASES).tell(late, task, { id: 'second' });
    await late.has(1);
    tasks.change(task, 'completed');
    await isOver();
    await late.stop();

    expect(statesAt(late).at(-1)).toBe('completed');
  });

  it('end at a receiver that is tried again when it is deleted at the gateway that does not tell', async () => {
    const one = startGateway(stores[0], { ...QUICK, retries: { ...QUICK.retries, maxTries: 1_000_000 } });
    receiver.answer = () => 503;
    tasks.change(task, 'completed');
    await one.tell(receiver, task);
    await receiver.has(2);

    await startGateway(stores[1]).configs.delete(task, 'c1');
    // An attempt may have been on its way; in the time of another's tries there would be more.
    const told = receiver.received.length + 1;
    const [another, other] = [newTaskId(), await WebhookReceiver.start()];
    other.answer = (before) => (before < 5 ? 503 : 204);
    tasks.change(another, 'completed');
    await one.tell(other, another);
    await isOver();
    await other.stop();

    expect(receiver.received.length).toBeLessThanOrEqual(told);
  });

  it('end at a receiver that was deleted at the gateway that does not tell', async () => {
    const one = startGateway(stores[0]);
    tasks.change(task, 'working');
    await one.tell(receiver, task);
    await receiver.has(1);

    await startGateway(stores[1]).configs.delete(task, 'c1');
    tasks.change(task, 'completed');
    await eventually(() => tasks.followers === 0);

    expect(statesAt(receiver)).toEqual(['working']);
  });
});
