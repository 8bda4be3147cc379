import { TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { answerOf, asTask, collectItems, connect, kindsOf, sending, statesIn, streamedText, WAYS } from '../support/a2a-client.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const UNKNOWN_TASK = 'ses_0000.msg_0000';
const slow = script([{ t: 'text', n: 200, ms: 50 }]);

describe('the protocol library’s own client', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' }, settings: { A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1' } });
  });

  afterAll(() => test.stop());

  describe.each(WAYS)('over %s in version %s', (binding, version) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, binding, version);
    });

    it('sends a message and gets the completed task', async () => {
      const task = asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'Hello there' }]))));

      expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
      expect(answerOf(task)).toBe('Hello there');
    });

    it('streams the task, its text and its end', async () => {
      const items = await collectItems(client.sendMessageStream(sending(script([{ t: 'text', n: 20, ms: 5 }]))));

      expect(kindsOf(items)[0]).toBe('task');
      expect(streamedText(items)).toBe(Array.from({ length: 20 }, (_, index) => `w${index} `).join(''));
      expect(statesIn(items).at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);
    });

    it('need not wait, and gets the task later', async () => {
      const begun = asTask(await client.sendMessage(sending(slow, { returnImmediately: true })));
      const found = await client.getTask({ tenant: '', id: begun.id });

      expect([TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING]).toContain(begun.status?.state);
      expect(found.contextId).toBe(begun.contextId);
      await client.cancelTask({ tenant: '', id: begun.id, metadata: undefined });
    });

    it('cancels, twice', async () => {
      const begun = asTask(await client.sendMessage(sending(slow, { returnImmediately: true })));
      const request = { tenant: '', id: begun.id, metadata: undefined };

      const canceled = await client.cancelTask(request);
      const again = await client.cancelTask(request);

      expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
      expect(again).toEqual(canceled);
    });

    it('comes back to a running task', async () => {
      const begun = asTask(await client.sendMessage(sending(script([{ t: 'text', n: 30, ms: 30 }]), { returnImmediately: true })));

      const items = await collectItems(client.resubscribeTask({ tenant: '', id: begun.id }));
      const end = await client.getTask({ tenant: '', id: begun.id });

      expect(kindsOf(items)[0]).toBe('task');
      expect(statesIn(items).at(-1)).toBe(TaskState.TASK_STATE_COMPLETED);
      expect(answerOf(end)).toBe(Array.from({ length: 30 }, (_, index) => `w${index} `).join(''));
    });

    it('answers what a tool asks by an ordinary message', async () => {
      const asks = script(
        [{ t: 'tool', name: 'bash', args: { command: 'echo hi', description: 'say hi' } }],
        [{ t: 'text', value: 'done' }],
      );
      const asking = asTask(await client.sendMessage(sending(asks)));

      const task = asTask(await client.sendMessage(sending('once', { taskId: asking.id })));

      expect(asking.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
      expect(asking.status?.message?.parts[0]?.content).toMatchObject({ $case: 'text', value: expect.stringContaining('permission') });
      expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    });

    it('is told of a task that is none', async () => {
      await expect(client.getTask({ tenant: '', id: UNKNOWN_TASK })).rejects.toThrow(/not found/);
      await expect(client.cancelTask({ tenant: '', id: UNKNOWN_TASK, metadata: undefined })).rejects.toThrow(/not found/);
    });

    it('cannot cancel what has ended', async () => {
      const { id } = asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'over' }]))));

      await expect(client.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow(/cannot be canceled/);
    });

    it('makes, reads, lists and deletes push configurations', async () => {
      const { id: taskId } = asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'push' }]))));
      const wanted = { tenant: '', taskId, id: 'mine', url: 'http://127.0.0.1:9/hook', token: 'secret', authentication: undefined };

      await client.createTaskPushNotificationConfig(wanted);
      const one = await client.getTaskPushNotificationConfig({ tenant: '', taskId, id: 'mine' });
      const all = await client.listTaskPushNotificationConfig({ tenant: '', taskId, pageSize: 0, pageToken: '' });
      await client.deleteTaskPushNotificationConfig({ tenant: '', taskId, id: 'mine' });
      const none = await client.listTaskPushNotificationConfig({ tenant: '', taskId, pageSize: 0, pageToken: '' });

      expect(one).toMatchObject({ taskId, id: 'mine', url: wanted.url });
      expect(all.configs).toHaveLength(1);
      expect(none.configs).toHaveLength(0);
    });

    it('reads the extended card', async () => {
      const card = await client.getAgentCard();

      expect(card.skills.map(({ id }) => id)).toContain('opencode.chat');
    });
  });

  it.each(WAYS.filter(([, version]) => version === '1.0'))('lists tasks over %s in version %s', async (binding, version) => {
    const client = await connect(test, binding, version);
    const { id, contextId } = asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'listed' }]))));

    const page = await client.listTasks({ tenant: '', contextId, status: 0, pageToken: '', statusTimestampAfter: undefined });

    expect(page.tasks.map((task) => task.id)).toEqual([id]);
    expect(page.totalSize).toBe(1);
  });
});
