import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { bash, end } from '../support/asks.js';
import { Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { ExtensionCaller } from '../support/extension-caller.js';
import { OverridingProxy, type Override } from '../support/overriding-proxy.js';
import { startRemoteGateway, type RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SESSIONS = /^GET \/experimental\/session/;
const MESSAGES = /^GET \/session\/[^/]+\/message/;
const LISTS = [
  ['opencode.sessions.list', SESSIONS],
  ['opencode.sessions.messages.list', MESSAGES],
] as const;

describe('extension methods while OpenCode fails', () => {
  let test: TestGateway;
  let proxy: OverridingProxy;
  let remote: RemoteGateway;
  let caller: ExtensionCaller;
  let conversation: Conversation;
  let session_id: string;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
    const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
    proxy = await OverridingProxy.start(baseUrl);
    remote = await startRemoteGateway({
      OPENCODE_BASE_URL: proxy.url,
      OPENCODE_SERVER_PASSWORD: password,
      OPENCODE_WORKSPACE_ROOT: test.opencode.workspace,
    });
    caller = new ExtensionCaller(remote.gateway);
    conversation = await Conversation.begin(remote.grpc);
    session_id = conversation.sessionId;
  });

  afterAll(async () => {
    await remote.stop();
    await proxy.stop();
    await test.stop();
  });

  afterEach(() => proxy.overrides.clear());

  const failureWhen = async (override: Override, [method, route]: readonly [string, RegExp], params: object = {}) => {
    proxy.overrides.set(route, override);
    return caller.failure(method, { ...(method !== 'opencode.sessions.list' && { session_id }), ...params });
  };

  it.each(LISTS)('T82 T86 refuses what is no list in answer to %s', async (...list) => {
    for (const body of ['{"foo":"bar"}', '{"sessions":[]}', '{"messages":[]}', '"x"'])
      expect(await failureWhen({ status: 200, body }, list)).toMatchObject({
        code: -32005,
        message: 'Upstream OpenCode payload mismatch',
        data: { type: 'UPSTREAM_PAYLOAD_ERROR', method: list[0], detail: 'OpenCode did not answer with a list' },
      });
    // OpenCode's own answer to a route that it does not know.
    expect(await failureWhen({ status: 200, body: '<html>', type: 'text/html' }, list)).toMatchObject({ code: -32005 });
  });

  it.each(LISTS)('T84 tells the status with which OpenCode failed at %s', async (...list) => {
    for (const status of [500, 502, 503, 429, 401])
      expect(await failureWhen({ status, body: '{}' }, list)).toMatchObject({
        code: -32003,
        message: 'Upstream OpenCode error',
        data: { type: 'UPSTREAM_HTTP_ERROR', upstream_status: status },
      });
  });

  it.each(LISTS)('T85 says that OpenCode cannot be reached for %s', async (...list) => {
    expect(await failureWhen('cut', list)).toMatchObject({
      code: -32002,
      message: 'Upstream OpenCode unreachable',
      data: { type: 'UPSTREAM_UNREACHABLE' },
    });
  });

  it('T84 T85 says the same of prompts and commands', async () => {
    const request = { parts: [{ type: 'text', text: script([end]) }] };
    const route = /^GET \/session\/[^/]+$/;

    expect(await failureWhen({ status: 500, body: '{}' }, ['opencode.sessions.prompt_async', route], { request })).toMatchObject({
      code: -32003,
      data: { type: 'UPSTREAM_HTTP_ERROR', method: 'opencode.sessions.prompt_async', upstream_status: 500, session_id },
    });
    expect(await failureWhen('cut', ['opencode.sessions.command', route], { request: { command: 'x', arguments: 'y' } })).toMatchObject({
      code: -32002,
      data: { type: 'UPSTREAM_UNREACHABLE', method: 'opencode.sessions.command', session_id },
    });
  });

  it('T88 answers a prompt as it went, whatever becomes of the turn', async () => {
    const { sessionId } = await Conversation.begin(remote.grpc);
    proxy.overrides.set(MESSAGES, { status: 500, body: '{}' });

    expect(
      await caller.call('opencode.sessions.prompt_async', {
        session_id: sessionId,
        request: { parts: [{ type: 'text', text: script([end]) }] },
      }),
    ).toEqual({ ok: true, session_id: sessionId });
  });

  it('T96 T102 does not find an ask that OpenCode does not know any more, and tries no older way', async () => {
    const turn = conversation.run([bash], [end]);
    await eventually(async () => (await caller.call('opencode.permissions.list')).items.length === 1);
    const request_id = (await caller.call('opencode.permissions.list')).items[0]?.request_id;
    const reply = /^POST \/permission\//;
    proxy.overrides.set(reply, { status: 404, body: '{"_tag":"PermissionNotFoundError","message":"gone"}' });
    const before = proxy.calls.length;

    expect(await caller.failure('a2a.interrupt.permission.reply', { request_id, reply: 'once' })).toEqual({
      code: -32004,
      message: 'Interrupt request not found',
      data: { type: 'INTERRUPT_REQUEST_NOT_FOUND', request_id },
    });
    const posts = proxy.calls.slice(before).filter((call) => call.startsWith('POST'));
    expect(posts).toHaveLength(1);
    expect(posts[0]).toMatch(reply);
    proxy.overrides.set(reply, { status: 500, body: '{}' });
    expect(await caller.failure('a2a.interrupt.permission.reply', { request_id, reply: 'once' })).toMatchObject({
      code: -32003,
      data: { type: 'UPSTREAM_HTTP_ERROR', upstream_status: 500, request_id },
    });
    proxy.overrides.clear();
    await caller.call('a2a.interrupt.permission.reply', { request_id, reply: 'once' });
    await turn;
  });
});
