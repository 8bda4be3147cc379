import { ExtensionMethods } from '../../src/modules/a2a/methods/extension.methods.js';
import { contractContext } from '../../src/modules/a2a/contracts/contract-context.js';
import { supportedMethods } from '../../src/modules/a2a/contracts/contract-methods.js';
import { CONFIG, type Config } from '../../src/common/config/config.js';
import { Conversation } from '../support/conversation.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = 'a-token-for-the-methods-over-http';
const VERSIONS = ['0.3', '1.0'] as const;

describe('extension methods over HTTP', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { A2A_BEARER_TOKEN: TOKEN, ACCESS_TOKEN: TOKEN } });
  });

  afterAll(() => test.stop());

  const post = (body: object, headers: Record<string, string> = {}) =>
    fetch(test.httpUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...body }),
    });

  it('T76 asks for a token', async () => {
    for (const method of ['opencode.sessions.list', 'opencode.sessions.messages.list']) {
      expect((await post({ id: 1, method }, { authorization: '' })).status).toBe(401);
      expect((await post({ id: 1, method }, { authorization: 'Bearer another-token-altogether' })).status).toBe(401);
    }
  });

  it('answers a request under its id, also null', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);

    for (const id of [1, 'one', null]) {
      const response = await post({ id, method: 'opencode.sessions.list', params: { limit: 1 } });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id, result: { items: [{ id: sessionId, kind: 'task' }] } });
    }
  });

  it('answers in the version that is asked for', async () => {
    const modern = await post({ id: 1, method: 'opencode.sessions.get', params: {} }, { 'a2a-version': '1.0' });
    const legacy = await post({ id: 1, method: 'opencode.sessions.get', params: {} });

    expect(await modern.json()).toMatchObject({
      error: { code: -32602, data: [{ reason: 'MISSING_FIELD', metadata: { field: 'session_id' } }] },
    });
    expect(await legacy.json()).toMatchObject({ error: { code: -32602, data: { type: 'MISSING_FIELD', field: 'session_id' } } });
  });

  it('T22 T24 answers no notification of any method, known or not', async () => {
    for (const method of ['unsupported.method', ...test.gateway.app.get(ExtensionMethods).supported()]) {
      const response = await post({ method, params: {} });
      expect([method, response.status, await response.text()]).toEqual([method, 204, '']);
    }
  });

  it.each(VERSIONS)('T21 refuses an unknown method with the methods that A2A %s has here', async (version) => {
    const response = await post({ id: 123, method: 'unsupported.method' }, { 'a2a-version': version });
    const { id, error } = (await response.json()) as { id: number; error: { code: number; data: never } };
    const told = version === '0.3' ? (error.data as { supported_methods: string[] }).supported_methods : namesIn(error.data);

    expect([response.status, id, error.code]).toEqual([200, 123, -32601]);
    const context = contractContext(test.gateway.app.get<Config>(CONFIG));
    // A list of the contracts that nobody keeps is worth nothing.
    expect([...told].sort()).toEqual(supportedMethods(context, [version]).sort());
  });
});

function namesIn(data: readonly { readonly metadata: { readonly supported_methods: string } }[]): string[] {
  return data[0]?.metadata.supported_methods.split(', ') ?? [];
}
