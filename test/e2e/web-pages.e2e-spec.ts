import { connect } from 'node:net';
import { request } from 'undici';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const TOKEN = 'a-token-that-is-long-enough';
const FRIEND = 'https://app.example.org';
const STRANGER = 'https://evil.example.org';
const JSON_BODY = { 'content-type': 'application/json' };

type Headers = Record<string, string>;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** What a browser would send for a page: fetch here would refuse to set these headers. */
async function send(base: string, method: string, path: string, headers: Headers = {}, body?: string): Promise<Answer> {
  const answer = await request(base + path, { method: method as 'GET', headers, ...(body !== undefined && { body }) });
  return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
}

/** The headers alone, of an answer that does not end. */
async function open(base: string, path: string, headers: Headers): Promise<Answer> {
  const answer = await request(base + path, { headers });
  answer.body.on('error', () => undefined).destroy();
  return { status: answer.statusCode, headers: answer.headers, body: '' };
}

function reasonIn({ body }: Answer): string | undefined {
  return (JSON.parse(body) as { details: { reason?: string }[] }).details[0]?.reason;
}

describe('a web page of another origin', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { CORS_ORIGINS: FRIEND } });
  });

  afterAll(() => test.stop());

  const sessions = async (): Promise<string> => (await send(test.httpUrl, 'GET', '/sessions')).body;

  describe('at a gateway that asks nobody for a token', () => {
    it.each([
      ['reads', 'GET', '/sessions', {}, undefined],
      ['posts as fetch does', 'POST', '/sessions', JSON_BODY, '{"title":"forged"}'],
      ['posts without being asked, as no-cors does', 'POST', '/sessions', { 'content-type': 'text/plain' }, '{"title":"forged"}'],
      ['posts a form', 'POST', '/sessions', { 'content-type': 'application/x-www-form-urlencoded' }, 'title=forged'],
      ['posts without a body', 'POST', '/session/reset', {}, undefined],
      ['opens an EventSource', 'GET', '/events', { accept: 'text/event-stream' }, undefined],
      ['asks what is healthy', 'GET', '/health', {}, undefined],
      ['looks for routes', 'GET', '/nowhere', {}, undefined],
      ['asks before it calls', 'OPTIONS', '/sessions', { 'access-control-request-method': 'POST' }, undefined],
    ])('is refused when it %s', async (_, method, path, headers, body) => {
      const before = await sessions();

      const answer = await send(test.httpUrl, method, path, { ...headers, origin: STRANGER }, body);

      expect(answer.status).toBe(403);
      expect(reasonIn(answer)).toBe('ORIGIN_NOT_ALLOWED');
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(await sessions()).toBe(before);
    });

    it('is refused when it hides its origin', async () => {
      expect((await send(test.httpUrl, 'GET', '/sessions', { origin: 'null' })).status).toBe(403);
    });

    it('is refused when it loads an image, which tells no origin', async () => {
      const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };

      expect((await send(test.httpUrl, 'GET', '/events', headers)).status).toBe(403);
    });

    it('is refused under a name that was made to lead here', async () => {
      const host = `rebound.example.org:${new URL(test.httpUrl).port}`;

      const answer = await send(test.httpUrl, 'GET', '/sessions', { host, origin: `http://${host}` });

      expect(answer.status).toBe(421);
      expect(reasonIn(answer)).toBe('HOST_NOT_ALLOWED');
    });
  });

  describe('that is listed', () => {
    it('is answered before it calls, for that origin alone and without credentials', async () => {
      const headers = { origin: FRIEND, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' };

      const answer = await send(test.httpUrl, 'OPTIONS', '/sessions', headers);

      expect(answer.status).toBe(204);
      expect(answer.headers['access-control-allow-origin']).toBe(FRIEND);
      expect(answer.headers['access-control-allow-headers']).toMatch(/authorization.*traceparent/);
      expect(answer.headers['access-control-allow-methods']).toContain('DELETE');
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    });

    it.each([
      ['an answer', '/sessions', {}],
      ['a stream of events', '/events', { accept: 'text/event-stream' }],
      ['a stream of lines', '/events', {}],
      ['a refusal', '/sessions/ses_1', {}],
      ['a page that is kept', '/openapi.json', {}],
    ])('may read %s', async (_, path, headers) => {
      const answer = await open(test.httpUrl, path, { ...headers, origin: FRIEND });

      expect(answer.headers['access-control-allow-origin']).toBe(FRIEND);
      expect(answer.headers['access-control-expose-headers']).toBe('content-range, etag, location, retry-after, x-request-id');
      expect(answer.headers.vary).toBe('origin');
      expect(answer.headers['x-request-id']).toBeDefined();
    });

    it('may write and read files', async () => {
      const written = await send(test.httpUrl, 'PUT', '/files/page.txt', { origin: FRIEND, 'content-type': 'text/plain' }, 'text');
      const read = await send(test.httpUrl, 'GET', '/files/page.txt', { origin: FRIEND, accept: 'text/plain' });

      expect(written.headers['access-control-allow-origin']).toBe(FRIEND);
      expect(read).toMatchObject({ status: 200, body: 'text' });
      expect(read.headers).toMatchObject({ 'access-control-allow-origin': FRIEND, vary: 'accept, origin, range' });
    });
  });

  it('is told nothing over plain HTTP at the gRPC door', async () => {
    const { port } = new URL(`http://${test.grpcAddress}`);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST /opencode.session.SessionService/SearchSessions HTTP/1.1\r\nhost: ${test.grpcAddress}\r\ncontent-length: 0\r\n\r\n`);

    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    await new Promise((resolve) => socket.once('close', resolve));

    expect(Buffer.concat(chunks).toString('latin1')).not.toMatch(/HTTP\/1\.1 2|ses_|grpc/);
  });

  it.each(['/sessions', '/events', '/nowhere', '/health', '/docs', '/sessions/%ff'])(
    'finds nothing at %s to frame, sniff or load',
    async (path) => {
      const { headers } = await open(test.httpUrl, path, {});

      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
        'cache-control': path === '/docs' ? 'no-cache' : (expect.stringContaining('no-store') as string),
      });
      expect(headers['set-cookie']).toBeUndefined();
    },
  );
});

describe('where tokens guard', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: TOKEN, CORS_ORIGINS: FRIEND } });
  });

  afterAll(() => test.stop());

  it('any name leads here', async () => {
    const headers = { host: 'gateway.namespace.svc', authorization: `Bearer ${TOKEN}` };

    expect((await send(test.httpUrl, 'GET', '/sessions', headers)).status).toBe(200);
  });

  it('a cookie is no token', async () => {
    expect((await send(test.httpUrl, 'GET', '/sessions', { cookie: `authorization=Bearer ${TOKEN}; token=${TOKEN}` })).status).toBe(401);
  });

  it('a page that is not listed is refused before it is asked for one', async () => {
    expect((await send(test.httpUrl, 'POST', '/sessions', { ...JSON_BODY, origin: STRANGER }, '{}')).status).toBe(403);
  });

  it('a listed page asks without a token, and reads that it needs one', async () => {
    const asked = await send(test.httpUrl, 'OPTIONS', '/sessions', { origin: FRIEND, 'access-control-request-method': 'GET' });
    const refused = await send(test.httpUrl, 'GET', '/sessions', { origin: FRIEND });

    expect(asked.status).toBe(204);
    expect(refused.status).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe(FRIEND);
  });
});
