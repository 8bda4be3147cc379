import { SessionService } from '../../src/modules/session/session.service.js';
import { bash, end, question, task } from '../support/asks.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { ExtensionCaller, principal, type Item } from '../support/extension-caller.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PERMISSION = 'a2a.interrupt.permission.reply';
const ANSWER = 'a2a.interrupt.question.reply';
const REJECT = 'a2a.interrupt.question.reject';

describe('answering agents by extension methods', () => {
  let test: TestGateway;
  let caller: ExtensionCaller;
  let conversation: Conversation;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
    caller = new ExtensionCaller(test.gateway);
  });

  afterAll(() => test.stop());

  beforeEach(async () => {
    conversation = await Conversation.begin(test.grpc);
  });

  const listOf = (operation: Operation) => (operation === question ? 'opencode.questions.list' : 'opencode.permissions.list');

  /** Has the agent ask, and gives the ask once it waits, and the end of its turn. */
  const ask = async (operation: Operation, list = listOf(operation)) => {
    const turn = conversation.run([operation], [end]);
    let asked: Item | undefined;
    await eventually(async () => {
      [asked] = (await caller.call(list)).items;
      return asked !== undefined;
    });
    return { asked, request_id: asked?.request_id ?? '', turn };
  };

  it.each(['once', ' Always '])('T92 answers a permission with %s, by its id alone', async (reply) => {
    const { request_id, turn } = await ask(bash);

    expect(await caller.call(PERMISSION, { request_id, reply, metadata: { opencode: { directory: '.' } } })).toEqual({
      ok: true,
      request_id,
    });

    expect((await turn).textParts).toEqual(['end']);
    // What was allowed for ever OpenCode forgets with its process.
    if (reply !== 'once') await test.restart().then(() => (caller = new ExtensionCaller(test.gateway)));
  });

  it('T92 tells the agent why it was rejected', async () => {
    const { request_id, turn } = await ask(bash);

    await caller.call(PERMISSION, { request_id, reply: 'reject', message: 'use echo' });

    const [call] = (await turn).textParts.length > 0 ? (await conversation.history()).flatMap(({ toolCalls }) => toolCalls) : [];
    expect(call?.error).toContain('use echo');
  });

  it('T95 answers and rejects questions', async () => {
    const answered = await ask(question);
    expect(await caller.call(ANSWER, { request_id: answered.request_id, answers: [[' A ', '']] })).toEqual({
      ok: true,
      request_id: answered.request_id,
    });
    await answered.turn;
    const rejected = await ask(question);
    expect(await caller.call(REJECT, { request_id: rejected.request_id })).toEqual({ ok: true, request_id: rejected.request_id });
    await rejected.turn;

    const calls = (await conversation.history()).flatMap(({ toolCalls }) => toolCalls);
    expect(calls[0]?.output).toContain('A');
    expect(calls[1]?.error).toContain('dismissed');
  });

  it('answers what a sub-agent asks, under its parent’s task', async () => {
    const { asked, request_id, turn } = await ask(task(bash), 'opencode.permissions.list');

    expect(asked?.session_id).not.toBe(conversation.sessionId);
    expect(asked).toEqual({
      request_id,
      session_id: asked?.session_id,
      interrupt_type: 'permission',
      task_id: expect.stringMatching(new RegExp(`^${conversation.sessionId}\\.msg_`)) as string,
      context_id: `ctx:opencode-session:${conversation.sessionId}`,
      details: { permission: 'bash', patterns: ['echo hello'] },
      expires_at: null,
    });
    await caller.call(PERMISSION, { request_id, reply: 'once' });
    expect((await turn).textParts).toEqual(['end']);
  });

  it('lists questions with what there is to choose', async () => {
    const { asked, request_id, turn } = await ask(question);

    expect(asked).toMatchObject({
      interrupt_type: 'question',
      session_id: conversation.sessionId,
      details: { questions: [{ header: 'Which', question: 'Which?', options: [{ label: 'A', value: 'A', description: 'a' }] }] },
    });
    expect((await caller.call('opencode.permissions.list')).items).toEqual([]);
    await caller.call(REJECT, { request_id });
    await turn;
  });

  it('T93 T94 refuses the fields of older callers', async () => {
    const { request_id, turn } = await ask(bash);

    expect(await caller.failure(PERMISSION, { requestID: request_id, decision: 'allow' })).toMatchObject({ code: -32602 });
    expect(await caller.failure(PERMISSION, { request_id, reply: 'once', decision: 'allow' })).toEqual({
      code: -32602,
      message: 'Unsupported fields: decision',
      data: { type: 'INVALID_FIELD', fields: ['decision'] },
    });
    expect(await caller.failure(PERMISSION, { request_id, reply: 'once', metadata: { directory: '/workspace' } })).toMatchObject({
      code: -32602,
      data: { type: 'INVALID_FIELD', fields: ['metadata.directory'] },
    });
    expect(await caller.failure(PERMISSION, { reply: 'once' })).toMatchObject({ data: { type: 'MISSING_FIELD', field: 'request_id' } });
    expect(await caller.failure(PERMISSION, { request_id, reply: 'yes' })).toMatchObject({
      data: { type: 'INVALID_FIELD', field: 'reply' },
    });
    expect(await caller.failure(ANSWER, { request_id, answers: ['A'] })).toMatchObject({ data: { field: 'answers[0]' } });
    expect(await caller.failure(PERMISSION, { request_id, reply: 'once', metadata: { opencode: { directory: '..' } } })).toMatchObject({
      data: { type: 'INVALID_FIELD', field: 'metadata.opencode.directory' },
    });
    await conversation.answerPermission('once');
    await turn;
  });

  it('T97 T101 says of what was answered or withdrawn a short while ago that it has expired', async () => {
    const first = await ask(bash);
    await conversation.answerPermission('once');
    await first.turn;
    const second = await ask(question);
    await conversation.abort();
    await second.turn.catch(() => undefined);

    for (const [method, request_id, rest] of [
      [PERMISSION, first.request_id, { reply: 'once' }],
      [REJECT, second.request_id, {}],
    ] as const) {
      await eventually(async () => (await caller.failure(method, { request_id, ...rest })).message === 'Interrupt request expired');
      expect(await caller.failure(method, { request_id, ...rest })).toEqual({
        code: -32004,
        message: 'Interrupt request expired',
        data: { type: 'INTERRUPT_REQUEST_EXPIRED', request_id },
      });
    }
  });

  it('T98 T99 does not find what nobody asked, and names what was asked otherwise', async () => {
    const { request_id, turn } = await ask(question);
    const modern = new ExtensionCaller(test.gateway, '1.0');

    expect(await caller.failure(PERMISSION, { request_id: 'per_unknown', reply: 'once' })).toEqual({
      code: -32004,
      message: 'Interrupt request not found',
      data: { type: 'INTERRUPT_REQUEST_NOT_FOUND', request_id: 'per_unknown' },
    });
    expect(await caller.failure(PERMISSION, { request_id, reply: 'once' })).toEqual({
      code: -32602,
      message: 'Interrupt type mismatch: expected permission, got question',
      data: { type: 'INTERRUPT_TYPE_MISMATCH', request_id, expected: 'permission', actual: 'question' },
    });
    expect(await modern.failure(PERMISSION, { request_id, reply: 'once' })).toMatchObject({
      code: -32058,
      data: [{ reason: 'INTERRUPT_TYPE_MISMATCH', metadata: { expected: 'permission', actual: 'question' } }],
    });
    await caller.call(REJECT, { request_id });
    await turn;
  });

  it('T100 does not find what others are asked, before or after it is answered', async () => {
    const [alice, bob] = ['alice', 'bob'].map(
      (name) => new ExtensionCaller(test.gateway, '0.3', principal(name, 'read', 'write', 'approve')),
    );
    const owner = principal('alice', 'read', 'write', 'approve');
    const { id: session_id } = await test.gateway.app.get(SessionService).create({ title: 'hers' }, owner);
    await alice?.call('opencode.sessions.prompt_async', {
      session_id,
      request: { parts: [{ type: 'text', text: script([bash], [end]) }] },
    });
    await eventually(async () => (await alice?.call('opencode.permissions.list'))?.items.length === 1);
    const request_id = (await alice?.call('opencode.permissions.list'))?.items[0]?.request_id;
    const notFound = { code: -32004, data: { type: 'INTERRUPT_REQUEST_NOT_FOUND', request_id } };

    expect((await bob?.call('opencode.permissions.list'))?.items).toEqual([]);
    expect(await bob?.failure(PERMISSION, { request_id, reply: 'once' })).toMatchObject(notFound);
    await alice?.call(PERMISSION, { request_id, reply: 'once' });
    await eventually(
      async () => (await alice?.failure(PERMISSION, { request_id, reply: 'once' }))?.message === 'Interrupt request expired',
    );
    expect(await bob?.failure(PERMISSION, { request_id, reply: 'once' })).toMatchObject(notFound);
  });

  it('needs the scope approve', async () => {
    const writer = new ExtensionCaller(test.gateway, '0.3', principal('writer', 'read', 'write'));

    for (const method of [PERMISSION, ANSWER, REJECT])
      expect(await writer.failure(method, { request_id: 'per_1' })).toMatchObject({
        code: -32007,
        data: { type: 'AUTHORIZATION_FORBIDDEN' },
      });
  });
});
