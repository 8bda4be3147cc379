import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpencodeHttp, type FinishedUpstreamCall } from './opencode.http.js';
import { route } from './opencode.route.js';

let server: Server;
let http: OpencodeHttp;
let answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;

beforeEach(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  http = clientOf(server);
});

afterEach(async () => {
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function baseUrlOf(listening: Server): string {
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function clientOf(listening: Server, timeoutMs = 5_000, password?: string): OpencodeHttp {
  const baseUrl = baseUrlOf(listening);
  return new OpencodeHttp(() => ({ baseUrl, username: 'opencode', password }), timeoutMs);
}

function reply(status: number, type: string, text: string): typeof answer {
  return (_, response) => response.writeHead(status, { 'content-type': type }).end(text);
}

const json = (status: number, value: unknown): typeof answer => reply(status, 'application/json', JSON.stringify(value));
const get = { method: 'GET', path: '/session' } as const;

describe('OpencodeHttp.call', () => {
  it('gives the JSON and the headers of an answer', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json', 'x-next-cursor': 'c' }).end('[1]');

    const { json: value, headers } = await http.call(get);

    expect(value).toEqual([1]);
    expect(headers['x-next-cursor']).toBe('c');
  });

  it('gives nothing for an answer without a body', async () => {
    answer = (_, response) => response.writeHead(204).end();

    await expect(http.call({ method: 'POST', path: '/x', body: {} })).resolves.toMatchObject({ json: undefined });
  });

  it('sends method, path, query and body', async () => {
    answer = ({ method, url, headers }, response, body) =>
      json(200, { method, url, type: headers['content-type'], body })({} as never, response, '');

    const { json: seen } = await http.call({
      method: 'PATCH',
      path: '/a',
      query: { directory: '/w ü', limit: 0, none: undefined },
      body: { b: 1 },
    });

    expect(seen).toEqual({ method: 'PATCH', url: '/a?directory=%2Fw+%C3%BC&limit=0', type: 'application/json', body: '{"b":1}' });
  });

  it('shows its credential', async () => {
    answer = ({ headers }, response) => json(200, headers.authorization)({} as never, response, '');
    const known = clientOf(server, 5_000, 'pass:word');

    const { json: seen } = await known.call(get);

    expect(seen).toBe(`Basic ${Buffer.from('opencode:pass:word').toString('base64')}`);
    await known.close();
  });

  it('makes UNIMPLEMENTED of the web page that answers unknown routes', async () => {
    answer = reply(200, 'text/html; charset=utf-8', '<!doctype html>');

    await expect(http.call(get)).rejects.toMatchObject({ code: 'UNIMPLEMENTED', metadata: { call: 'GET /session' } });
  });

  it('makes INTERNAL of a refused credential', async () => {
    answer = (_, response) => response.writeHead(401).end();

    await expect(http.call(get)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('makes NOT_FOUND of a 404', async () => {
    answer = json(404, { name: 'NotFoundError', data: { message: 'Session not found: ses_x' } });

    await expect(http.call(get)).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND', message: 'session ses_x not found' });
  });

  it('makes UNAVAILABLE of JSON that is broken', async () => {
    answer = reply(200, 'application/json', '{"half":');

    await expect(http.call(get)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('makes DEADLINE_EXCEEDED of an answer that does not come', async () => {
    answer = () => undefined;

    await expect(http.call({ ...get, timeoutMs: 20 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('makes DEADLINE_EXCEEDED of an answer that does not end', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('[');

    await expect(http.call({ ...get, timeoutMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('makes UNAVAILABLE of a refused connection', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const nobody = clientOf(closed);
    await new Promise((resolve) => closed.close(resolve));

    await expect(nobody.call(get)).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'OPENCODE_UNAVAILABLE' });
    await nobody.close();
  });

  it('makes UNAVAILABLE of a connection that is cut', async () => {
    answer = (request) => request.socket.destroy();

    await expect(http.call(get)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

describe('OpencodeHttp while OpenCode starts', () => {
  /** Begins a call that is accepted and not answered. */
  async function begin(method: 'GET' | 'POST'): Promise<Promise<unknown>[]> {
    http.goAway();
    const accepted = new Promise<void>((resolve) => (answer = () => resolve()));
    const call = http.call({ method, path: '/session', ...(method === 'POST' && { body: {} }) });
    call.catch(() => undefined);
    await accepted;
    return [call];
  }

  it('asks again what was never answered', async () => {
    const [call] = await begin('GET');
    answer = json(200, ['now']);

    http.comeBack();

    await expect(call).resolves.toMatchObject({ json: ['now'] });
  });

  it('makes UNAVAILABLE of what may have been done and was never answered', async () => {
    const [call] = await begin('POST');

    http.comeBack();

    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'OPENCODE_UNAVAILABLE' });
  });

  it('leaves alone what is asked when it is back', async () => {
    http.goAway();
    http.comeBack();
    answer = (_, response) => {
      http.goAway();
      http.comeBack();
      json(200, ['answered'])(_, response, '');
    };

    await expect(http.call(get)).resolves.toMatchObject({ json: ['answered'] });
  });
});

describe('OpencodeHttp.open', () => {
  const never = new AbortController().signal;

  it('gives the body as it comes', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');

    const body = await http.open('/global/event', 5_000, never);

    const [first] = (await body.take(1).toArray()) as unknown[];
    expect(String(first)).toBe('data: 1\n\n');
  });

  it('makes UNIMPLEMENTED of what is no event stream', async () => {
    answer = reply(200, 'text/html', '<!doctype html>');

    await expect(http.open('/global/event', 5_000, never)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
  });

  it('makes INTERNAL of a refused credential', async () => {
    answer = (_, response) => response.writeHead(401).end();

    await expect(http.open('/global/event', 5_000, never)).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  it('ends the body when the caller has enough', async () => {
    const stop = new AbortController();
    answer = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
    const body = await http.open('/global/event', 5_000, stop.signal);

    stop.abort();

    await expect(body.toArray()).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('what is told of calls that are over', () => {
  let told: Omit<FinishedUpstreamCall, 'durationMs'>[];

  beforeEach(async () => {
    told = [];
    await http.close();
    const note = ({ route: called, code }: FinishedUpstreamCall): void => void told.push({ route: called, code });
    http = new OpencodeHttp(() => ({ baseUrl: baseUrlOf(server), username: 'opencode', password: undefined }), 200, { onFinished: note });
  });

  it('names the route without its ids, which are encoded in the path alone', async () => {
    const paths: (string | undefined)[] = [];
    answer = (request, response, body) => {
      paths.push(request.url);
      json(200, {})(request, response, body);
    };

    await http.call({ method: 'GET', path: route`/session/${'ses_1'}/message/${'a/b?c'}` });

    expect(paths).toEqual(['/session/ses_1/message/a%2Fb%3Fc']);
    expect(told).toEqual([{ route: 'GET /session/{id}/message/{id}', code: '200' }]);
  });

  it.each([
    ['a refusal', json(404, {}), '404'],
    ['a page instead of data', reply(200, 'text/html', '<html>'), 'UNIMPLEMENTED'],
    ['silence', () => undefined, 'DEADLINE_EXCEEDED'],
    ['a cut', (_: IncomingMessage, response: ServerResponse) => void response.destroy(), 'UNAVAILABLE'],
  ])('tells of %s', async (_, given, code) => {
    answer = given;

    await http.call(get).catch(() => undefined);

    expect(told).toEqual([{ route: 'GET /session', code }]);
  });

  it('tells of bytes and of streams too', async () => {
    answer = reply(200, 'text/event-stream', 'data: {}\n\n');
    await http.bytes(get, 100);
    const stream = await http.open('/event', 1_000, new AbortController().signal);
    stream.on('error', () => undefined).destroy();

    expect(told.map(({ route: called }) => called)).toEqual(['GET /session', 'GET /event']);
  });
});
