import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { legacySend, rpc, type LegacyItem } from '../support/a2a-wire.js';
import { bash, end } from '../support/asks.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { tokenEntry, tokenOf } from '../support/tokens.js';

const answering = script([{ t: 'text', value: 'seen' }]);
const NOT_FOUND = { code: -32001 };

type Name = 'alice' | 'bob' | 'writer';

describe('sessions behind contexts', () => {
  let test: TestGateway;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'binding-'));
    const path = join(folder, 'tokens.json');
    const tokens = [
      tokenEntry('alice', ['read', 'write', 'approve']),
      tokenEntry('bob', ['read', 'write', 'approve']),
      tokenEntry('writer', ['read', 'write']),
    ];
    await writeFile(path, JSON.stringify({ tokens }));
    const settings = { A2A_DATA_PARTS: 'true', ACCESS_TOKENS_FILE: path };
    test = await startTestGateway({ permission: { bash: 'ask' }, settings });
  });

  afterAll(async () => {
    await test.stop();
    await rm(folder, { recursive: true });
  });

  const call = <T = LegacyItem>(name: Name, method: string, params: unknown) =>
    rpc<T>(test.httpUrl, method, params, { authorization: `Bearer ${tokenOf(name)}` });

  const send = (name: Name, text: string, message: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) =>
    call(name, 'message/send', legacySend(text, message, rest));

  /** A task that must have come of a send. */
  const taskOf = async (...args: Parameters<typeof send>): Promise<LegacyItem> => {
    const { result, error } = await send(...args);
    if (result === undefined) throw new Error(JSON.stringify(error));
    return result;
  };

  const sessionOf = ({ metadata }: LegacyItem): string | undefined => metadata?.shared?.session?.id;

  const lastRequest = () => test.model.requests.filter(({ forTitle }) => !forTitle).at(-1);

  it('T60 goes on in the session that metadata.shared.session.id names, whatever the context, and the outer metadata counts', async () => {
    const [wanted, other] = await Promise.all([taskOf('alice', answering), taskOf('alice', answering)]);
    const bindTo = (id: string | undefined) => ({ shared: { session: { id } } });

    const bound = await taskOf('alice', answering, { metadata: bindTo(sessionOf(other)) }, { metadata: bindTo(sessionOf(wanted)) });
    const inner = await taskOf('alice', answering, { metadata: bindTo(sessionOf(other)) });
    const renamed = await taskOf('alice', answering, { contextId: 'bound' }, { metadata: bindTo(sessionOf(wanted)) });

    expect([bound, inner, renamed].map(sessionOf)).toEqual([wanted, other, wanted].map(sessionOf));
    expect(renamed.contextId).toBe('bound');
  });

  it('T61 asks the model that the message names', async () => {
    const model = (providerID: string, modelID: string) => ({ metadata: { shared: { model: { providerID, modelID } } } });

    await taskOf('alice', answering, {}, model('scripted', 'other'));
    expect(lastRequest()?.model).toBe('other');
    await taskOf('alice', answering, model('scripted', 'other'));
    expect(lastRequest()?.model).toBe('other');
  });

  it.each([{ modelID: 'other' }, { providerID: 'scripted' }, { providerID: ' ', modelID: 'other' }])(
    'T62 passes over half a model: %j',
    async (model) => {
      const { status } = await taskOf('alice', answering, {}, { metadata: { shared: { model } } });

      expect(status.state).toBe('completed');
      expect(lastRequest()?.model).toBe('scripted');
    },
  );

  it('T63 keeps to the session that a context was bound to', async () => {
    const { metadata } = await taskOf('alice', answering);

    await taskOf('alice', answering, { contextId: 'kept' }, { metadata: { shared: { session: metadata?.shared?.session } } });
    const next = await taskOf('alice', answering, { contextId: 'kept' });

    expect(sessionOf(next)).toBe(metadata?.shared?.session?.id);
  });

  it('T64 T69 makes one session of a context that several messages begin at once, and another for another caller', async () => {
    const contextId = 'begun at once';

    const [mine, others] = await Promise.all(
      (['alice', 'bob'] as const).map((name) => Promise.all([1, 2, 3].map(() => taskOf(name, answering, { contextId })))),
    );

    expect(new Set(mine?.map(sessionOf)).size).toBe(1);
    expect(new Set(others?.map(sessionOf)).size).toBe(1);
    expect(sessionOf(mine?.[0] as LegacyItem)).not.toBe(sessionOf(others?.[0] as LegacyItem));
    for (const task of [...(mine ?? []), ...(others ?? [])]) expect(task).toMatchObject({ contextId, status: { state: 'completed' } });
  });

  it('T65 begins a task once, however often its message comes, and another in another context or of another caller', async () => {
    const messageId = randomUUID();
    const before = test.model.requests.filter(({ forTitle }) => !forTitle).length;

    const twice = await Promise.all([1, 2].map(() => taskOf('alice', answering, { messageId, contextId: 'once' })));
    const later = await taskOf('alice', answering, { messageId, contextId: 'once' });
    const elsewhere = await taskOf('alice', answering, { messageId, contextId: 'once more' });
    const bobs = await taskOf('bob', answering, { messageId, contextId: 'once' });

    expect(new Set([...twice, later].map(({ id }) => id)).size).toBe(1);
    expect(new Set([later, elsewhere, bobs].map(({ id }) => id)).size).toBe(3);
    expect(test.model.requests.filter(({ forTitle }) => !forTitle).length - before).toBe(3);
  });

  it('T67 keeps callers apart who name their contexts alike', async () => {
    const [mine, bobs] = [await taskOf('alice', answering, { contextId: 'alike' }), await taskOf('bob', answering, { contextId: 'alike' })];

    expect(sessionOf(mine)).not.toBe(sessionOf(bobs));
    expect((await call('bob', 'tasks/get', { id: mine.id })).error).toMatchObject(NOT_FOUND);
    expect((await call('bob', 'tasks/cancel', { id: mine.id })).error).toMatchObject(NOT_FOUND);
  });

  it('T68 T75 finds no session of somebody else’s, as if there were none, while it is made and later', async () => {
    const mine = await taskOf('alice', script([{ t: 'hang' }]), {}, { configuration: { blocking: false } });
    const refusals = async () => [
      await send('bob', answering, {}, { metadata: { shared: { session: { id: sessionOf(mine) } } } }),
      await send('bob', answering, { contextId: mine.contextId }),
      await send('bob', answering, { taskId: mine.id }),
    ];

    const during = await refusals();
    await call('alice', 'tasks/cancel', { id: mine.id });
    const after = await refusals();
    const none = await send('bob', answering, {}, { metadata: { shared: { session: { id: 'ses_none' } } } });

    const words = (message: string | undefined) => message?.replaceAll(sessionOf(mine) ?? '', 'ses_none').replaceAll(mine.id, 'task');
    for (const { error } of [...during, ...after]) expect(error).toMatchObject(NOT_FOUND);
    expect(words(during[0]?.error?.message)).toBe(none.error?.message);
  });

  it('T73 T74 leaves a session to its caller after a task of it failed or was canceled', async () => {
    const contextId = 'goes on';
    const failed = await taskOf('alice', script([{ t: 'http', status: 400 }]), { contextId });
    const hanging = await taskOf('alice', script([{ t: 'hang' }]), { contextId }, { configuration: { blocking: false } });
    await call('alice', 'tasks/cancel', { id: hanging.id });

    const next = await taskOf('alice', answering, { contextId });

    expect(failed.status.state).toBe('failed');
    expect(next.status.state).toBe('completed');
    expect(new Set([failed, hanging, next].map(sessionOf)).size).toBe(1);
  });

  it('shows data to the agent as JSON where that is allowed', async () => {
    const parts = [
      { kind: 'text', text: answering },
      { kind: 'data', data: { colour: 'red' } },
    ];

    await taskOf('alice', '', { parts });

    expect(lastRequest()?.promptText).toContain('```json\n{\n  "colour": "red"\n}\n```');
  });

  it('refuses answers to what a task asks without the scope approve, and it is asked still', async () => {
    const asking = await taskOf('writer', script([bash], [end]));

    const { error } = await send('writer', 'once', { taskId: asking.id });

    expect(error).toMatchObject({ code: -32071, message: expect.stringContaining('approve') as string });
    expect((await call('writer', 'tasks/get', { id: asking.id })).result?.status.state).toBe('input-required');
    await call('writer', 'tasks/cancel', { id: asking.id });
  });

  it('T70 T71 T72 knows contexts and owners after a restart, where nothing of them was kept but in OpenCode', async () => {
    const contextId = 'after a restart';
    const before = await taskOf('alice', answering, { contextId });

    await test.restart();

    const after = await taskOf('alice', answering, { contextId });
    expect(sessionOf(after)).toBe(sessionOf(before));
    expect((await call('alice', 'tasks/get', { id: before.id })).result).toMatchObject({ contextId, status: { state: 'completed' } });
    expect((await call('bob', 'tasks/get', { id: before.id })).error).toMatchObject(NOT_FOUND);
    expect((await send('bob', answering, {}, { metadata: { shared: { session: { id: sessionOf(before) } } } })).error).toMatchObject(
      NOT_FOUND,
    );
  });
});
