import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SessionService as Sessions } from '../../src/common/grpc/generated/session_pb.js';
import { SessionService } from '../../src/modules/session/session.service.js';
import { bash } from '../support/asks.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { ExtensionCaller, principal, type Answer } from '../support/extension-caller.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOBODYS = 'ses_0000000000000000000000';

describe('reading sessions by extension methods', () => {
  let test: TestGateway;
  let legacy: ExtensionCaller;
  let modern: ExtensionCaller;

  beforeAll(async () => {
    test = await startTestGateway({
      permission: { bash: 'ask' },
      config: { snapshot: true },
      prepare: async ({ workspace }) => void (await mkdir(join(workspace, 'api'))),
    });
    legacy = new ExtensionCaller(test.gateway);
    modern = new ExtensionCaller(test.gateway, '1.0');
  });

  afterAll(() => test.stop());

  const newSession = async (title: string, directory?: string): Promise<string> =>
    (await test.grpc.call(Sessions.method.createSession, { title, ...(directory !== undefined && { directory }) })).id;
  const idsOf = ({ items }: Answer): string[] => items.map(({ id }) => id);

  it('T77 gives twenty sessions unless another limit is asked for', async () => {
    for (let count = 0; count < 22; count++) await newSession(`session ${count}`);

    expect((await legacy.call('opencode.sessions.list')).items).toHaveLength(20);
    expect((await legacy.call('opencode.sessions.list', { limit: 2 })).items).toHaveLength(2);
    expect((await legacy.call('opencode.sessions.list', { query: { limit: 21 } })).items).toHaveLength(21);
  });

  it.each(['opencode.sessions.list', 'opencode.sessions.messages.list'])(
    'T78 refuses a limit above 100, cursor, page and size of %s',
    async (method) => {
      const session_id = await newSession('paged');
      const refusal = async (params: object) => legacy.failure(method, { ...(method.includes('messages') && { session_id }), ...params });
      const pagination = {
        code: -32602,
        message: 'Only limit pagination is supported',
        data: { type: 'INVALID_PAGINATION_MODE', supported: ['limit'], unsupported: ['cursor', 'page', 'size'] },
      };

      expect(await refusal({ limit: 101 })).toEqual({
        code: -32602,
        message: 'limit must be <= 100',
        data: { type: 'INVALID_FIELD', field: 'limit', max: 100 },
      });
      for (const params of [{ cursor: 'abc', limit: 10 }, { page: 1, size: 1000 }, { query: { size: 2 } }])
        expect(await refusal(params)).toEqual(pagination);
      for (const limit of [0, -1])
        expect(await refusal({ limit })).toMatchObject({ code: -32602, data: { type: 'INVALID_FIELD', field: 'limit' } });
      for (const limit of [true, 'ten', 1.5, []]) expect(await refusal({ limit })).toMatchObject({ message: 'limit must be an integer' });
    },
  );

  it('T79 takes "2" and 2 for the same limit and refuses two that differ', async () => {
    expect((await legacy.call('opencode.sessions.list', { limit: '2', query: { limit: 2 } })).items).toHaveLength(2);
    expect(await legacy.failure('opencode.sessions.list', { limit: 5, query: { limit: 6 } })).toMatchObject({
      message: 'limit is ambiguous between params.limit and params.query.limit',
      data: { type: 'INVALID_FIELD', field: 'limit' },
    });
  });

  it('T80 lists sessions as completed tasks with their title, also an empty one', async () => {
    const [titled, untitled] = [await newSession('My Session'), await newSession('   ')];

    const { items } = await legacy.call('opencode.sessions.list', { limit: 2 });

    const task = (id: string, title: string) => ({
      id,
      contextId: `ctx:opencode-session:${id}`,
      kind: 'task',
      status: { state: 'completed' },
      metadata: { shared: { session: { id, title } } },
    });
    expect(items).toEqual(expect.arrayContaining([task(titled, 'My Session'), task(untitled, '')]));
  });

  it('answers A2A 1.0 in its own shapes', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await conversation.run([{ t: 'text', value: 'hello' }]);
    const { sessionId: id } = conversation;

    const { items } = await modern.call('opencode.sessions.list', { limit: 1 });
    const { items: messages } = await modern.call('opencode.sessions.messages.list', { session_id: id });

    expect(items).toEqual([
      {
        id,
        contextId: `ctx:opencode-session:${id}`,
        status: { state: 'TASK_STATE_COMPLETED' },
        metadata: { shared: { session: { id, title: 'test' } } },
      },
    ]);
    expect(messages.map(({ role }) => role)).toEqual(['ROLE_USER', 'ROLE_AGENT']);
    expect(messages[1]?.parts).toEqual([{ text: 'hello' }]);
    expect(messages[1]).not.toHaveProperty('kind');
  });

  it('T81 takes role and id of a message from OpenCode’s records', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await conversation.run([{ t: 'text', value: 'said' }]);
    const [asked, answered] = await conversation.history();

    const { items } = await legacy.call('opencode.sessions.messages.list', { session_id: conversation.sessionId });

    expect(items).toMatchObject([
      { messageId: asked?.messageId, role: 'user', kind: 'message' },
      {
        messageId: answered?.messageId,
        role: 'agent',
        kind: 'message',
        parts: [{ kind: 'text', text: 'said' }],
        contextId: `ctx:opencode-session:${conversation.sessionId}`,
        metadata: { shared: { session: { id: conversation.sessionId } } },
      },
    ]);
  });

  it('pages older messages by the cursor that came with the newer ones', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await conversation.run([{ t: 'text', value: 'one' }]);
    await conversation.run([{ t: 'text', value: 'two' }]);
    const session_id = conversation.sessionId;

    const newest = await legacy.call('opencode.sessions.messages.list', { session_id, limit: 2 });
    const older = await legacy.call('opencode.sessions.messages.list', { session_id, limit: 2, before: newest.next_cursor });

    expect(newest.items[1]?.parts[0]?.text).toBe('two');
    expect(older.items[1]?.parts[0]?.text).toBe('one');
    expect(older).not.toHaveProperty('next_cursor');
  });

  it.each(['opencode.sessions.messages.list', 'opencode.sessions.get', 'opencode.sessions.todo'])(
    'T83 says of a session that is not there that it was not found by %s',
    async (method) => {
      const error = { code: -32001, message: 'Session not found' };

      for (const session_id of [NOBODYS, 's-404'])
        expect(await legacy.failure(method, { session_id })).toEqual({ ...error, data: { type: 'SESSION_NOT_FOUND', session_id } });
      expect(await legacy.failure(method, {})).toEqual({
        code: -32602,
        message: 'Missing required params.session_id',
        data: { type: 'MISSING_FIELD', field: 'session_id' },
      });
    },
  );

  it('words the same failure for A2A 1.0 with a number that is none of A2A’s and an ErrorInfo', async () => {
    const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', domain: 'opencode-gateway' };

    expect(await modern.failure('opencode.sessions.get', { session_id: NOBODYS })).toEqual({
      code: -32051,
      message: 'Session not found',
      data: [{ ...info, reason: 'SESSION_NOT_FOUND', metadata: { session_id: NOBODYS } }],
    });
    expect(await modern.failure('opencode.sessions.list', { page: 1 })).toMatchObject({
      code: -32602,
      data: [{ reason: 'INVALID_PAGINATION_MODE', metadata: { supported: 'limit', unsupported: 'cursor, page, size' } }],
    });
  });

  it('T50 T55 filters sessions by a directory of the workspace, which a query cannot leave', async () => {
    const inside = await newSession('in api', 'api');
    const outside = { code: -32602, data: { type: 'INVALID_FIELD', field: 'directory' } };

    expect(idsOf(await legacy.call('opencode.sessions.list', { directory: 'api' }))).toEqual([inside]);
    expect(idsOf(await legacy.call('opencode.sessions.list', { query: { directory: join(test.opencode.workspace, 'api') } }))).toEqual([
      inside,
    ]);
    for (const directory of ['../..', '/etc']) {
      expect(await legacy.failure('opencode.sessions.list', { directory })).toMatchObject(outside);
      expect(await legacy.failure('opencode.sessions.list', { query: { directory } })).toMatchObject(outside);
      expect(await legacy.failure('opencode.sessions.status', { directory })).toMatchObject(outside);
    }
  });

  it('filters sessions by title, change and root, and looks at nothing else in a query', async () => {
    const parentId = await newSession('needle');
    const child = (await test.grpc.call(Sessions.method.createSession, { title: 'a needle too', parentId })).id;

    expect(idsOf(await legacy.call('opencode.sessions.list', { search: 'Needle', query: { tag: 'ops' } })).sort()).toEqual(
      [child, parentId].sort(),
    );
    expect(idsOf(await legacy.call('opencode.sessions.list', { search: 'needle', roots: true }))).toEqual([parentId]);
    expect(idsOf(await legacy.call('opencode.sessions.list', { query: { start: Date.now() + 60_000 } }))).toEqual([]);
    expect(await legacy.failure('opencode.sessions.list', { tag: 'ops' })).toEqual({
      code: -32602,
      message: 'Unsupported fields: tag',
      data: { type: 'INVALID_FIELD', fields: ['tag'] },
    });
  });

  it('reads one session, its children, its plan, its changes and its messages', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const session_id = conversation.sessionId;
    const todos = [{ content: 'Review the diff', status: 'pending', priority: 'high' }];
    await conversation.run(
      [
        { t: 'tool', name: 'todowrite', args: { todos } },
        { t: 'tool', name: 'write', args: { filePath: join(test.opencode.workspace, 'made.txt'), content: 'new\n' } },
      ],
      [{ t: 'text', value: 'done' }],
    );
    const child = (await test.grpc.call(Sessions.method.createSession, { title: 'child', parentId: session_id })).id;
    const [asked] = await conversation.history();
    const message_id = asked?.messageId;

    expect((await legacy.call('opencode.sessions.get', { session_id })).item).toMatchObject({ id: session_id, kind: 'task' });
    expect(idsOf(await legacy.call('opencode.sessions.children', { session_id }))).toEqual([child]);
    expect((await legacy.call('opencode.sessions.todo', { session_id })).items).toEqual(todos);
    expect((await legacy.call('opencode.sessions.diff', { session_id, message_id })).items).toMatchObject([
      { file: 'made.txt', status: 'added', additions: 1, deletions: 0 },
    ]);
    expect((await legacy.call('opencode.sessions.diff', { session_id })).items).toHaveLength(1);
    expect((await legacy.call('opencode.sessions.messages.get', { session_id, message_id })).item).toMatchObject({
      messageId: message_id,
      role: 'user',
    });
    expect(await legacy.failure('opencode.sessions.messages.get', { session_id })).toMatchObject({
      data: { type: 'MISSING_FIELD', field: 'message_id' },
    });
    for (const unknown of ['msg_00000000000000000000000000', 'm-1'])
      expect(await legacy.failure('opencode.sessions.messages.get', { session_id, message_id: unknown })).toMatchObject({
        code: -32602,
        data: { type: 'INVALID_FIELD', field: 'message_id' },
      });
  });

  it('tells which sessions work, and what they wait for', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const turn = conversation.run([bash], [{ t: 'text', value: 'end' }]);
    const own = async () => {
      const { items } = await legacy.call('opencode.sessions.status');
      return items.find((item) => item.session_id === conversation.sessionId);
    };
    await eventually(async () => (await own())?.waiting_for !== undefined);

    expect(await own()).toEqual({ session_id: conversation.sessionId, type: 'busy', waiting_for: 'permission' });
    expect((await legacy.call('opencode.sessions.status', { directory: 'api' })).items).toEqual([]);
    await conversation.answerPermission('once');
    await turn;
  });

  it('gives each caller their own sessions alone', async () => {
    const [alice, bob] = [principal('alice', 'read', 'write'), principal('bob', 'read', 'write')];
    const sessions = test.gateway.app.get(SessionService);
    const ofAlice = (await sessions.create({ title: 'hers' }, alice)).id;
    const asBob = new ExtensionCaller(test.gateway, '0.3', bob);

    expect(idsOf(await new ExtensionCaller(test.gateway, '0.3', alice).call('opencode.sessions.list'))).toEqual([ofAlice]);
    expect(idsOf(await asBob.call('opencode.sessions.list'))).toEqual([]);
    for (const version of ['0.3', '1.0'] as const)
      for (const method of ['messages.list', 'get', 'children', 'todo', 'diff'])
        expect(
          await new ExtensionCaller(test.gateway, version, bob).failure(`opencode.sessions.${method}`, { session_id: ofAlice }),
        ).toMatchObject({
          message: 'Session not found',
        });
  });
});
