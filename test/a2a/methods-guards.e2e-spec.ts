import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SessionService } from '../../src/modules/session/session.service.js';
import { end } from '../support/asks.js';
import { CONTROLS, PROMPT } from '../support/control-methods.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { ExtensionCaller, principal } from '../support/extension-caller.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startReplica, type RemoteGateway } from '../support/remote-gateway.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const NOBODYS = 'ses_0000000000000000000000';
describe('what extension methods may work with', () => {
  let test: TestGateway;
  /** Where callers may name no directory. */
  let strict: RemoteGateway;
  let legacy: ExtensionCaller;
  let conversation: Conversation;
  let session_id: string;
  const alice = principal('alice', 'read', 'write', 'shell');

  beforeAll(async () => {
    const command = { greet: { description: 'greets', template: 'SCRIPT:[[{"t":"text","value":"Hi $ARGUMENTS"}]]' } };
    test = await startTestGateway({
      settings: { A2A_ENABLE_SESSION_SHELL: 'true' },
      config: { command },
      prepare: async ({ workspace }) => {
        await mkdir(join(workspace, 'sub'));
        await symlink('/etc', join(workspace, 'leads-out'));
      },
    });
    strict = await startReplica(test, { OPENCODE_WORKSPACE_ROOT: test.opencode.workspace, A2A_ALLOW_DIRECTORY_OVERRIDE: 'false' });
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

  const textOf = (...calls: readonly (readonly Operation[])[]) => ({ type: 'text', text: script(...calls) });
  const answers = async () => (await conversation.history()).filter(({ role, finish }) => role === 'assistant' && finish !== '');
  const untilAnswered = (count = 1) => eventually(async () => (await answers()).filter(({ finish }) => finish === 'stop').length === count);

  describe('of directories in the metadata', () => {
    const named = (directory: unknown) => ({ session_id, request: { parts: [textOf([end])] }, metadata: { opencode: { directory } } });
    const field = 'metadata.opencode.directory';

    it('T50 takes those of the workspace, absolute or relative', async () => {
      for (const directory of ['sub', './sub/../sub', test.opencode.workspace, join(test.opencode.workspace, 'sub'), ''])
        expect(await legacy.call(PROMPT, named(directory))).toMatchObject({ ok: true });
    });

    it.each(CONTROLS)('T51 T54 refuses those that lead out, for %s', async (method, request) => {
      for (const directory of ['../escape', '/etc', 'sub/../../escape', 'leads-out'])
        expect(await legacy.failure(method, { ...named(directory), request })).toMatchObject({
          code: -32602,
          data: { type: 'INVALID_FIELD', field },
        });
      expect(await conversation.history()).toEqual([]);
    });

    it('T52 T54 refuses all but the workspace’s own where callers may name none', async () => {
      const caller = new ExtensionCaller(strict.gateway);

      expect(await caller.failure(PROMPT, named('sub'))).toEqual({
        code: -32602,
        message: 'Directory override is disabled by service configuration',
        data: { type: 'INVALID_FIELD', field },
      });
      expect(await caller.call(PROMPT, named('./'))).toMatchObject({ ok: true });
    });

    it('refuses metadata of other kinds and names', async () => {
      const withMetadata = (metadata: unknown) => legacy.failure(PROMPT, { ...named('sub'), metadata });

      expect(await withMetadata({ directory: '/x', tenant: 'y' })).toEqual({
        code: -32602,
        message: 'Unsupported metadata fields: metadata.directory, metadata.tenant',
        data: { type: 'INVALID_FIELD', fields: ['metadata.directory', 'metadata.tenant'] },
      });
      expect(await withMetadata('x')).toMatchObject({ data: { field: 'metadata' } });
      expect(await withMetadata({ opencode: 1 })).toMatchObject({ data: { field: 'metadata.opencode' } });
      expect(await withMetadata({ shared: [] })).toMatchObject({ data: { field: 'metadata.shared' } });
      expect(await withMetadata({ opencode: { directory: 1 } })).toMatchObject({ data: { field } });
    });
  });

  describe.each(CONTROLS)('of %s', (method, request) => {
    it('T83 a session that is not there was not found', async () => {
      for (const missing of [NOBODYS, 's-404'])
        expect(await legacy.failure(method, { session_id: missing, request })).toEqual({
          code: -32001,
          message: 'Session not found',
          data: { type: 'SESSION_NOT_FOUND', session_id: missing },
        });
    });

    it('T87 T90 somebody else’s session is forbidden in A2A 0.3, and not there in 1.0', async () => {
      const theirs = await test.gateway.app.get(SessionService).create({ title: 'theirs' }, principal('bob', 'write'));
      const params = { session_id: theirs.id, request };

      expect(await new ExtensionCaller(test.gateway, '0.3', alice).failure(method, params)).toEqual({
        code: -32006,
        message: 'Session forbidden',
        data: { type: 'SESSION_FORBIDDEN', session_id: theirs.id },
      });
      const modern = new ExtensionCaller(test.gateway, '1.0', alice);
      const foreign = await modern.failure(method, params);
      const missing = await modern.failure(method, { session_id: NOBODYS, request });
      expect(JSON.stringify(foreign).replaceAll(theirs.id, NOBODYS)).toBe(JSON.stringify(missing));
      expect(missing).toMatchObject({ code: -32051 });
    });
  });

  it('a session that is nobody’s becomes whose who first works with it', async () => {
    const shared = await startReplica(test, { OPENCODE_WORKSPACE_ROOT: test.opencode.workspace, ACCESS_ADOPT: 'first' });
    const asAlice = new ExtensionCaller(shared.gateway, '0.3', alice);
    const asBob = new ExtensionCaller(shared.gateway, '0.3', principal('bob', 'read', 'write'));
    const params = { session_id, request: { parts: [textOf([end])] } };

    expect((await asBob.call('opencode.sessions.get', { session_id })).item.id).toBe(session_id);
    await asAlice.call(PROMPT, params);

    expect(await asBob.failure(PROMPT, params)).toMatchObject({ data: { type: 'SESSION_FORBIDDEN' } });
    expect(await asBob.failure('opencode.sessions.get', { session_id })).toMatchObject({ data: { type: 'SESSION_NOT_FOUND' } });
    await untilAnswered();
    await shared.stop();
  });
});
