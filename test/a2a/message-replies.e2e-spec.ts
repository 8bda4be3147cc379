import { Role, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { asMessage, asTask, collectItems, connect, kindsOf, sending, WAYS, type Sending } from '../support/a2a-client.js';
import { legacySend, rpc } from '../support/a2a-wire.js';
import { bash, end } from '../support/asks.js';
import { script } from '../support/scripted-model.js';
import { glob } from '../support/streamed-turns.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const AS_MESSAGE = { metadata: { opencode: { reply: 'message' } } };
const write = { t: 'tool', name: 'write', args: { filePath: 'made.txt', content: 'made' } } as const;

describe('an answer as a bare message', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  describe.each(WAYS)('over %s in version %s', (binding, version) => {
    it('is what the agent said, in the context in which one can go on', async () => {
      const client = await connect(test, binding, version);
      const speaking = script([{ t: 'text', value: 'Looking.' }, glob], [{ t: 'text', value: 'Found.' }]);

      const first = asMessage(await client.sendMessage(sending(speaking, AS_MESSAGE)));
      const next = asMessage(await client.sendMessage(sending(script([end]), { ...AS_MESSAGE, contextId: first.contextId })));

      expect(first).toMatchObject({ role: Role.ROLE_AGENT, taskId: '' });
      expect(first.parts.map(({ content }) => content?.value as unknown)).toEqual(['Looking.', 'Found.']);
      expect(next.contextId).toBe(first.contextId);
      expect(next.messageId).not.toBe(first.messageId);
    });

    it('is the task while that asks for something, and the message once it is answered', async () => {
      const client = await connect(test, binding, version);

      const asking = asTask(await client.sendMessage(sending(script([bash], [end]), AS_MESSAGE)));
      const answered = asMessage(await client.sendMessage(sending('once', { ...AS_MESSAGE, taskId: asking.id })));

      expect(asking.status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
      expect(answered).toMatchObject({ contextId: asking.contextId, taskId: '' });
    });
  });

  describe('whatever the binding', () => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, 'JSONRPC', '1.0');
    });

    const ask = (text: string, options: Sending = {}) => client.sendMessage(sending(text, { ...AS_MESSAGE, ...options }));

    it('is the same when the same message comes twice', async () => {
      const wish = { contextId: 'twice', messageId: 'said-twice' };

      expect(await ask(script([end]), wish)).toEqual(await ask(script([end]), wish));
    });

    it.each([
      ['failed', script([{ t: 'http', status: 400 }]), {}, TaskState.TASK_STATE_FAILED],
      ['wrote a file', script([write], [end]), {}, TaskState.TASK_STATE_COMPLETED],
      ['said nothing', script([]), {}, TaskState.TASK_STATE_COMPLETED],
      ['is asked for', script([end]), { metadata: { opencode: { reply: 'task' } } }, TaskState.TASK_STATE_COMPLETED],
    ])('is the task when that %s', async (_, text, options, state) => {
      expect(asTask(await ask(text, options)).status?.state).toBe(state);
    });

    it('is the task for who does not wait, even when it has completed', async () => {
      const wish = { contextId: 'at once', messageId: 'said-at-once' };
      await ask(script([end]), wish);

      const again = await ask(script([end]), { ...wish, returnImmediately: true });

      expect(asTask(again).status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    });

    it('is the task in a stream', async () => {
      const items = await collectItems(client.sendMessageStream(sending(script([end]), AS_MESSAGE)));

      expect(kindsOf(items)).not.toContain('message');
    });

    it('has no other words to be asked for, and nothing is begun by them', async () => {
      const before = test.model.requests.length;

      await expect(ask(script([end]), { metadata: { opencode: { reply: 'both' } } })).rejects.toThrow('metadata.opencode.reply');
      expect(test.model.requests.length).toBe(before);
    });
  });

  it('is asked for in a message’s own metadata too, and tells of its session in version 0.3', async () => {
    const { result } = await rpc<object>(test.httpUrl, 'message/send', legacySend(script([end]), AS_MESSAGE));

    expect(result).toMatchObject({
      kind: 'message',
      role: 'agent',
      metadata: { shared: { session: { id: expect.any(String) as string } } },
    });
    expect(result).not.toHaveProperty('taskId');
  });
});
