import { Logger } from '@nestjs/common';
import { eventually } from '../../../../test/support/eventually.js';
import { newTaskId, PushGateway } from '../../../../test/support/push-rig.js';
import { ScriptedTasks } from '../../../../test/support/scripted-tasks.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { MemoryTaskStore } from '../store/memory-task.store.js';

describe('PushDelivery', () => {
  const task = newTaskId();
  let store: MemoryTaskStore;
  let tasks: ScriptedTasks;
  let receiver: WebhookReceiver;
  let gateway: PushGateway;
  let warnings: jest.SpyInstance;

  beforeEach(async () => {
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    store = new MemoryTaskStore();
    tasks = new ScriptedTasks();
    receiver = await WebhookReceiver.start();
    gateway = new PushGateway(store, tasks);
  });

  afterEach(async () => {
    await receiver.stop();
    await gateway.stop();
    warnings.mockRestore();
  });

  const isOver = (): Promise<void> => eventually(async () => (await store.unfinishedPushTasks(1)).length === 0);

  it('sends no more than 64 notifications at once, and all of them in the end', async () => {
    const held: (() => void)[] = [];
    receiver.answer = () => new Promise((resolve) => held.push(() => resolve(204)));
    const ids = Array.from({ length: 70 }, () => newTaskId());
    for (const id of ids) {
      tasks.change(id, 'completed');
      await gateway.tell(receiver, id);
    }
    await receiver.has(64);
    await eventually(() => tasks.followers === 0);
    expect(held).toHaveLength(64);

    receiver.answer = () => 204;
    held.forEach((release) => release());
    await isOver();

    expect(new Set(receiver.received.map(({ body }) => (body as { id: string }).id))).toEqual(new Set(ids));
  });

  it('says in the log whom it gave up, and neither where that is in full, nor what it would have told', async () => {
    receiver.answer = () => 404;
    tasks.change(task, 'completed');
    await gateway.tell(receiver, task, { url: `${receiver.url}/path?secret=correct-horse` });
    await isOver();

    const told = JSON.stringify(warnings.mock.calls);
    expect(told).toContain(`127.0.0.1:${receiver.port}`);
    expect(told).toContain('HTTP 404');
    expect(told).not.toMatch(/path|correct-horse|tell-me-apart|open-sesame|version/);
  });
});
