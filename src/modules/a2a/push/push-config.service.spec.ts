import { pushConfig } from '../../../../test/support/push-config.js';
import { newTaskId, PushGateway } from '../../../../test/support/push-rig.js';
import { ScriptedTasks } from '../../../../test/support/scripted-tasks.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { MemoryTaskStore } from '../store/memory-task.store.js';
import { MAX_PUSH_CONFIGS_PER_TASK } from '../task.store.js';

describe('PushConfigService', () => {
  let store: MemoryTaskStore;
  let receiver: WebhookReceiver;
  let gateway: PushGateway;
  let task: string;

  beforeEach(async () => {
    task = newTaskId();
    store = new MemoryTaskStore();
    receiver = await WebhookReceiver.start();
    const tasks = new ScriptedTasks();
    tasks.change(task, 'submitted');
    gateway = new PushGateway(store, tasks);
  });

  afterEach(async () => {
    await gateway.stop();
    await receiver.stop();
  });

  it('keeps what it is given, and gives it back without its secrets', async () => {
    const config = pushConfig({ taskId: task, url: receiver.url });
    const told = { ...config, token: '', authentication: { scheme: 'Bearer', credentials: '' } };

    expect(await gateway.configs.create(config)).toEqual(told);
    expect(await gateway.configs.get(task, config.id)).toEqual(told);
    expect(await gateway.configs.list(task)).toEqual([told]);
    expect(await store.pushConfigs(task)).toEqual([config]);
  });

  it('gives each configuration of 1.0 an id of its own', async () => {
    const first = await gateway.tell(receiver, task, { id: '' });
    const second = await gateway.tell(receiver, task, { id: '' });

    expect(first.id).not.toBe('');
    expect((await gateway.configs.list(task)).map(({ id }) => id)).toEqual([first.id, second.id]);
  });

  it('gives a configuration of 0.3 the id of its task, by which 0.3 asks for it', async () => {
    await gateway.tell(receiver, task, { id: '', version: '0.3' });
    await gateway.tell(receiver, task, { id: '', version: '0.3', url: `${receiver.url}/new` });

    expect(await gateway.configs.get(task, task)).toMatchObject({ url: `${receiver.url}/new` });
    expect(await gateway.configs.list(task)).toHaveLength(1);
  });

  it('refuses an address that webhooks may not have, and keeps nothing of it', async () => {
    await expect(gateway.tell(receiver, task, { url: 'http://169.254.169.254/' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      violations: [expect.objectContaining({ field: 'url' })],
    });
    expect(await store.pushConfigs(task)).toEqual([]);
  });

  it('refuses more than a task may have', async () => {
    for (let n = 0; n < MAX_PUSH_CONFIGS_PER_TASK; n += 1) await gateway.tell(receiver, task, { id: `c${n}` });

    await expect(gateway.tell(receiver, task, { id: 'one more' })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  it('does not find what is not there', async () => {
    await expect(gateway.configs.get(task, 'none')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      reason: 'PUSH_CONFIGURATION_NOT_FOUND',
    });
  });

  it('deletes as often as it is asked to', async () => {
    await gateway.tell(receiver, task);

    await gateway.configs.delete(task, 'c1');
    await gateway.configs.delete(task, 'c1');

    expect(await gateway.configs.list(task)).toEqual([]);
  });
});
