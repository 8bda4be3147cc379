import { Logger } from '@nestjs/common';
import { OpencodePool } from '../../src/common/opencode/opencode.pool.js';
import { TurnLine } from '../../src/modules/message/turn.line.js';
import { TurnLookup } from '../../src/modules/message/turn.lookup.js';
import { SessionService } from '../../src/modules/session/session.service.js';
import { bash, end } from '../support/asks.js';
import { COMMAND, CONTROLS, PROMPT, SHELL } from '../support/control-methods.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { ExtensionCaller, principal } from '../support/extension-caller.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startReplica, type RemoteGateway } from '../support/remote-gateway.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

describe('working with sessions by extension methods', () => {
  let test: TestGateway;
  /** Without a shell. */
  let strict: RemoteGateway;
  let legacy: ExtensionCaller;
  let conversation: Conversation;
  let session_id: string;
  const alice = principal('alice', 'read', 'write', 'shell');

  beforeAll(async () => {
    const command = { greet: { description: 'greets', template: 'SCRIPT:[[{"t":"text","value":"Hi $ARGUMENTS"}]]' } };
    test = await startTestGateway({
      permission: { bash: 'ask' },
      settings: { A2A_ENABLE_SESSION_SHELL: 'true' },
      config: { command },
    });
    strict = await startReplica(test, { OPENCODE_WORKSPACE_ROOT: test.opencode.workspace });
    legacy = new ExtensionCaller(test.gateway);
  });

  afterAll(async () => {
    await strict.stop();
    await test.stop();
  });

  beforeEach(async () => {
    conversation = await Conversation.begin(test.grpc);
    session_id = conversation.sessionId;
  });

  const prompt = (request: object, caller = legacy) => caller.call(PROMPT, { session_id, request });
  const refusal = async (request: unknown, method = PROMPT) => {
    const { code, data } = await legacy.failure(method, { session_id, request });
    expect(code).toBe(-32602);
    return data;
  };
  const textOf = (...calls: readonly (readonly Operation[])[]) => ({ type: 'text', text: script(...calls) });
  const answers = async () => (await conversation.history()).filter(({ role, finish }) => role === 'assistant' && finish !== '');
  const untilAnswered = (count = 1) => eventually(async () => (await answers()).filter(({ finish }) => finish === 'stop').length === count);

  describe('prompt_async', () => {
    it('takes a prompt and answers before the turn has ended', async () => {
      expect(await prompt({ parts: [textOf([{ t: 'text', value: 'later', ms: 5 }])], agent: 'plan' })).toEqual({ ok: true, session_id });

      await untilAnswered();
      expect((await answers())[0]).toMatchObject({ textParts: ['later'], agent: 'plan' });
    });

    it('takes a file, an agent and a sub-task', async () => {
      const url = `data:text/plain;base64,${Buffer.from('inside').toString('base64')}`;
      await prompt({
        parts: [textOf([end]), { type: 'file', mime: 'text/plain', url, filename: 'a.txt' }, { type: 'agent', name: 'general' }],
      });
      await untilAnswered();
      const [{ id: child } = { id: '' }] = await childrenAfter(() =>
        prompt({ parts: [{ type: 'subtask', prompt: script([end]), description: 'sub', agent: 'general' }] }),
      );

      expect((await conversation.history())[0]?.parts.map(({ part }) => part.case)).toEqual(['text', 'file']);
      expect(child).toMatch(/^ses_/);
    });

    it('takes the caller’s own id of the message, and once', async () => {
      const request = { messageID: 'msg-mine_1', parts: [textOf([{ t: 'text', value: 'once' }])] };
      await prompt(request);
      await untilAnswered();
      await prompt(request);
      await prompt({ messageID: 'msg-mine_2', parts: [textOf([{ t: 'text', value: 'other' }])] });
      await untilAnswered(2);

      const history = await conversation.history();
      expect(history.filter(({ role }) => role === 'user').map(({ messageId }) => messageId)).toEqual(['msg-mine_1', 'msg-mine_2']);
      expect(await refusal({ ...request, parts: [textOf([end])] })).toEqual({ type: 'INVALID_FIELD', field: 'request.messageID' });
    });

    it('stores what nobody is to answer, unless the session works', async () => {
      await prompt({ parts: [{ type: 'text', text: 'for later' }], noReply: true });

      expect(await conversation.history()).toMatchObject([{ role: 'user', textParts: ['for later'] }]);
      expect(await turnsOf()).toHaveLength(0);
      await prompt({ parts: [textOf([bash], [end])] });
      await eventually(async () => (await legacy.call('opencode.permissions.list')).items.length === 1);
      expect(
        await legacy.failure(PROMPT, { session_id, request: { parts: [{ type: 'text', text: 'now' }], noReply: true } }),
      ).toMatchObject({
        code: -32003,
        data: { type: 'UPSTREAM_HTTP_ERROR', upstream_status: 409, session_id, method: PROMPT },
      });
      await conversation.answerPermission('once');
      await untilAnswered();
      // The answer is there a moment before the turn has ended.
      await eventually(() => test.gateway.app.get(TurnLine).isFree(session_id));
      await prompt({ parts: [{ type: 'text', text: 'afterwards' }], noReply: true });
      expect((await turnsOf()).map(({ update }) => update.state)).toEqual(['completed']);
    });

    it('hands system and tools on', async () => {
      await prompt({ parts: [textOf([end])], system: 'Be brief.', tools: { bash: false }, format: { type: 'text' } });
      await untilAnswered();

      const { client } = test.gateway.app.get(OpencodePool).forSession(session_id);
      const [asked] = (await client.messages(session_id)).messages;
      expect(asked?.info).toMatchObject({ system: 'Be brief.', tools: { bash: false } });
    });

    it('refuses a form of the answer with which OpenCode loses the session’s history', async () => {
      const format = { type: 'json_schema', schema: { type: 'object' }, retryCount: 1 };

      expect(await refusal({ parts: [textOf([end])], format })).toEqual({ type: 'INVALID_FIELD', field: 'request.format.type' });
      expect(await refusal({ parts: [textOf([end])], format: { ...format, schema: 'x' } })).toMatchObject({
        field: 'request.format.schema',
      });
    });

    it('lets only who may approve have tools run unasked', async () => {
      const asAlice = new ExtensionCaller(test.gateway, '0.3', alice);
      const params = { session_id, request: { parts: [textOf([end])], tools: { bash: true } } };

      expect(await asAlice.failure(PROMPT, params)).toMatchObject({ code: -32007, data: { type: 'AUTHORIZATION_FORBIDDEN' } });
    });

    it('refuses what is missing, unknown or of another kind, by name', async () => {
      const parts = [textOf([end])];

      expect(await legacy.failure(PROMPT, { request: { parts } })).toMatchObject({ data: { type: 'MISSING_FIELD', field: 'session_id' } });
      expect(await legacy.failure(PROMPT, { session_id })).toMatchObject({ data: { type: 'MISSING_FIELD', field: 'request' } });
      expect(await refusal('invalid')).toEqual({ type: 'INVALID_FIELD', field: 'request' });
      expect(await refusal({ agent: 'build' })).toEqual({ type: 'INVALID_FIELD', field: 'request.parts' });
      expect(await refusal({ parts, foo: 'bar' })).toEqual({ type: 'INVALID_FIELD', field: 'request', fields: ['request.foo'] });
      expect(await refusal({ parts, model: { providerID: 'openai' } })).toMatchObject({ field: 'request.model.modelID' });
      expect(await refusal({ parts: [{ type: 'data' }] })).toMatchObject({ field: 'request.parts[0].type' });
      expect(await refusal({ parts: [{ type: 'file', mime: 'text/plain' }] })).toMatchObject({ field: 'request.parts[0].url' });
      expect(await refusal({ parts: [{ type: 'subtask', prompt: 'x', description: 'y' }] })).toMatchObject({
        field: 'request.parts[0].agent',
      });
      expect(await refusal({ parts: [{ type: 'file', mime: 'text/plain', url: 'file:///etc/hostname' }] })).toMatchObject({
        field: 'request.parts[0].url',
      });
      expect(await refusal({ parts, messageID: 'other' })).toMatchObject({ field: 'request.messageID' });
      expect(await refusal({ parts, tools: { bash: 'yes' } })).toMatchObject({ field: 'request.tools.bash' });
      expect(await refusal({ parts, format: { type: 'xml' } })).toMatchObject({ field: 'request.format.type' });
      expect(await refusal({ parts, noReply: 1 })).toMatchObject({ field: 'request.noReply' });
      expect(await refusal({ parts, model: { providerID: 'no', modelID: 'such' } })).toMatchObject({ field: 'request.model' });
      expect(await refusal({ parts, agent: 'nobody' })).toMatchObject({ field: 'request.agent' });
      expect(await refusal({ parts: [{ type: 'agent', name: 'nobody' }] })).toMatchObject({ field: 'request.parts[0].name' });
      expect(await legacy.failure(PROMPT, { session_id, request: { parts }, directory: 'sub' })).toEqual({
        code: -32602,
        message: 'Unsupported fields: directory',
        data: { type: 'INVALID_FIELD', fields: ['directory'] },
      });
    });

    const turnsOf = async () => {
      const session = await test.gateway.app.get(SessionService).get(session_id);
      return test.gateway.app.get(TurnLookup).list(session);
    };

    const childrenAfter = async (work: () => Promise<unknown>): Promise<readonly { id: string }[]> => {
      await work();
      let items: readonly { id: string }[] = [];
      await eventually(async () => {
        ({ items } = await legacy.call('opencode.sessions.children', { session_id }));
        return items.length > 0;
      });
      await eventually(async () => (await legacy.call('opencode.sessions.status')).items.length === 0);
      return items;
    };
  });

  describe('command', () => {
    it('T89 runs a command with a model and gives its last message', async () => {
      const { item } = await legacy.call(COMMAND, {
        session_id,
        request: { command: '/greet', arguments: 'Bob', model: { providerID: 'scripted', modelID: 'other' } },
      });

      expect(item).toMatchObject({
        kind: 'message',
        role: 'agent',
        parts: [{ kind: 'text', text: 'Hi Bob' }],
        metadata: { shared: { session: { id: session_id } } },
      });
    });

    it('takes a file and the caller’s own id of the message', async () => {
      const url = `data:text/plain;base64,${Buffer.from('inside').toString('base64')}`;
      const parts = [{ type: 'file', mime: 'text/plain', url }];
      await legacy.call(COMMAND, { session_id, request: { command: 'greet', arguments: 'Bob', parts, messageID: 'msg-command' } });

      const [asked] = await conversation.history();
      expect(asked?.messageId).toBe('msg-command');
      expect(asked?.parts.map(({ part }) => part.case)).toContain('file');
    });

    it('T89 refuses what is missing, unknown or of another kind', async () => {
      const request = { command: 'greet', arguments: 'x' };

      expect(await refusal({ arguments: 'security' }, COMMAND)).toEqual({ type: 'INVALID_FIELD', field: 'request.command' });
      expect(await refusal({ command: 'greet', arguments: 123 }, COMMAND)).toEqual({ type: 'INVALID_FIELD', field: 'request.arguments' });
      expect(await refusal({ ...request, arguments: ' ' }, COMMAND)).toMatchObject({ field: 'request.arguments' });
      expect(await refusal({ ...request, parts: [{ type: 'text', text: 'x' }] }, COMMAND)).toMatchObject({
        field: 'request.parts[0].type',
      });
      expect(await refusal({ ...request, system: 'x' }, COMMAND)).toMatchObject({ field: 'request' });
      expect(await refusal({ ...request, command: 'nothing' }, COMMAND)).toMatchObject({ field: 'request.command' });
      expect(await refusal({ ...request, variant: 'none' }, COMMAND)).toMatchObject({ field: 'request.variant' });
    });
  });

  describe('shell', () => {
    it('T23 T90 is none of the methods where it is off', async () => {
      const caller = new ExtensionCaller(strict.gateway);
      const error = await caller.failure(SHELL, { session_id, request: { agent: 'build', command: 'pwd' } });

      expect(error).toMatchObject({ code: -32601, data: { type: 'METHOD_NOT_SUPPORTED', method: SHELL } });
      expect(error.data.supported_methods).not.toContain(SHELL);
      expect((await legacy.failure('no.such.method')).data.supported_methods).toContain(SHELL);
    });

    it('T90 runs a line where it is on, and leaves in the log who ran it, not what', async () => {
      const log = jest.spyOn(Logger.prototype, 'log');

      const { item } = await legacy.call(SHELL, { session_id, request: { agent: 'build', command: 'echo secret-word' } });

      expect(item).toMatchObject({ kind: 'message', role: 'agent', metadata: { shared: { session: { id: session_id } } } });
      expect(item.parts[0]?.text).toContain('secret-word');
      const lines = log.mock.calls.map(([line]) => line as object);
      expect(lines).toContainEqual({ audit: SHELL, target: session_id, result: 'success', by: 'anonymous', requestId: 'test' });
      expect(JSON.stringify(lines)).not.toContain('secret-word');
      log.mockRestore();
    });

    it('T90 refuses what is missing or of another kind', async () => {
      expect(await refusal({ command: 'true' }, SHELL)).toEqual({ type: 'INVALID_FIELD', field: 'request.agent' });
      expect(await refusal({ agent: 'build', command: 'true', model: { providerID: 'x' } }, SHELL)).toEqual({
        type: 'INVALID_FIELD',
        field: 'request.model.modelID',
      });
      expect(await refusal({ agent: 'build', command: '' }, SHELL)).toMatchObject({ field: 'request.command' });
    });

    it('needs the scope shell, and prompts the scope write', async () => {
      const looker = new ExtensionCaller(test.gateway, '0.3', principal('looker', 'read'));

      for (const [method, request] of CONTROLS)
        expect(await looker.failure(method, { session_id, request })).toMatchObject({
          code: -32007,
          data: { type: 'AUTHORIZATION_FORBIDDEN', method, scope: method === SHELL ? 'shell' : 'write' },
        });
    });
  });
});
