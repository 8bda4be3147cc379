import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { asTask, connect, sending, WAYS } from '../support/a2a-client.js';
import { A2AHttp, HTTP_BINDINGS, itemsOf, resultOf, taskIdOf } from '../support/a2a-http.js';
import { script } from '../support/script.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const MAX_BYTES = 4_096;
const VERSIONS = ['0.3', '1.0'] as const;
const HTTP_WAYS = HTTP_BINDINGS.flatMap((binding) => VERSIONS.map((version) => [binding, version] as const));
const brief = script([{ t: 'text', value: 'over' }]);
const COMPLETED = /"state":"(TASK_STATE_COMPLETED|completed)"/;

describe('the transports of A2A', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { A2A_MAX_REQUEST_BODY_BYTES: String(MAX_BYTES) } });
  });

  afterAll(() => test.stop());

  const sendPath = (version: string): string => `${version === '0.3' ? '/v1' : ''}/message:send`;
  const rpcBody = (http: A2AHttp, message: object): string =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: http.version === '0.3' ? 'message/send' : 'SendMessage', params: { message } });
  const bodyOf = (http: A2AHttp, message: object): string =>
    http.binding === 'REST' ? JSON.stringify({ message }) : rpcBody(http, message);
  const pathOf = ({ binding, version }: A2AHttp): string => (binding === 'REST' ? sendPath(version) : '/');
  const asStream = (body: string): ReadableStream => new Blob([body]).stream();

  describe.each(HTTP_WAYS)('over %s in version %s', (binding, version) => {
    let http: A2AHttp;

    beforeAll(() => {
      http = new A2AHttp(test.httpUrl, binding, version);
    });

    it('T13 takes what is written in its own way', async () => {
      const answer = await http.post(pathOf(http), bodyOf(http, http.message(brief)));

      expect(answer.status).toBe(200);
      expect(await answer.text()).toMatch(COMPLETED);
    });

    it('T14 refuses what is written for the other binding', async () => {
      const other = new A2AHttp(test.httpUrl, binding === 'REST' ? 'JSON-RPC' : 'REST', version);
      const answer = await http.post(pathOf(http), bodyOf(other, other.message(brief)));

      expect(answer.status).toBe(binding === 'REST' ? 400 : 200);
      expect(await answer.text()).toMatch(/"code":(-32600|-32602|400)/);
    });

    it('T15 answers a stream as one', async () => {
      const answer = await http.stream({ message: http.message(brief) });

      expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect((await itemsOf(answer)).length).toBeGreaterThan(1);
      expect((await http.send({ message: http.message(brief) })).headers.get('content-type')).toMatch(/^application\/json/);
    });

    it('T17 refuses a body that says that it is too large', async () => {
      const answer = await http.send({ message: http.message('x'.repeat(MAX_BYTES)) });

      expect(answer.status).toBe(413);
      expect(await answer.text()).toContain('REQUEST_TOO_LARGE');
    });

    it('T18 refuses a body that turns out to be too large', async () => {
      const answer = await http.post(pathOf(http), asStream(bodyOf(http, http.message('x'.repeat(MAX_BYTES)))));

      expect(answer.status).toBe(413);
    });

    it('T19 hands on a body below the limit as it came, whole or in chunks', async () => {
      const text = `${binding} ${version} äöü 日本語 🎉 \\ " \n${brief}`;
      const body = bodyOf(http, http.message(text));
      expect(Buffer.byteLength(body)).toBeLessThan(MAX_BYTES);

      const whole = await http.post(pathOf(http), body);
      const chunked = await http.post(pathOf(http), asStream(bodyOf(http, http.message(text))));

      expect([await whole.text(), await chunked.text()]).toEqual([expect.stringMatching(COMPLETED), expect.stringMatching(COMPLETED)]);
      const asked = test.model.requests.filter(({ promptText, forTitle }) => !forTitle && promptText.startsWith(`${binding} ${version} `));
      expect(asked.map(({ promptText }) => promptText)).toEqual([text, text]);
    });
  });

  describe.each(VERSIONS)('over REST in version %s', (version) => {
    const prefix = version === '0.3' ? '/v1' : '';

    it('T15 knows its routes with %3A for the colon, streams too', async () => {
      const http = new A2AHttp(test.httpUrl, 'REST', version);
      const body = (): string => JSON.stringify({ message: http.message(brief) });

      const sent = await http.post(`${prefix}/message%3Asend`, body());
      const streamed = await http.post(`${prefix}/message%3astream`, body());
      const id = taskIdOf(await resultOf(sent));
      const canceled = await http.post(`${prefix}/tasks/${id}%3Acancel`, '{}');
      const followed = await fetch(`${test.httpUrl}${prefix}/tasks/${id}%3Asubscribe`);

      expect([sent.status, streamed.status]).toEqual([200, 200]);
      expect(streamed.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect((await itemsOf(streamed)).length).toBeGreaterThan(1);
      // It has ended: the routes are found, and say so.
      expect(await canceled.text()).toMatch(/cannot be canceled/);
      expect(await followed.text()).toMatch(version === '0.3' ? /TASK_STATE_COMPLETED/ : /has ended/);
    });
  });

  it.each(VERSIONS)('T23 does not name the shell among the methods of version %s, nor answers to it', async (version) => {
    const http = new A2AHttp(test.httpUrl, 'JSON-RPC', version);

    const refused = JSON.stringify(await resultOf(await http.rpc('opencode.sessions.shell', { session_id: 'x' })));
    const [told, asked] = [refused, JSON.stringify(await resultOf(await http.rpc('none', {})))];

    expect(told).toContain('-32601');
    expect(asked).toContain('opencode.sessions.command');
    expect(asked).not.toContain('opencode.sessions.shell');
  });
});

describe('who calls over A2A', () => {
  const TOKENS = { alice: 'the-token-of-alice-1b7', bob: 'the-token-of-bob-88c2a' };
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: TOKENS.alice, A2A_BEARER_TOKEN: TOKENS.bob } });
  });

  afterAll(() => test.stop());

  it.each(WAYS.filter(([binding]) => binding !== 'GRPC'))('T16 own what they begin over %s in version %s', async (binding, version) => {
    const ownerAfter = async (token: string): Promise<string | undefined> => {
      const client = await connect(test, binding, version, token);
      const { id } = asTask(await client.sendMessage(sending(brief)));
      const [sessionId = ''] = id.split('.');
      return (await test.grpc.call(SessionService.method.getSession, { sessionId })).owner;
    };

    expect([await ownerAfter(TOKENS.alice), await ownerAfter(TOKENS.bob)]).toEqual(['access-token', 'a2a']);
  });
});
