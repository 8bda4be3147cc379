import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const MIB = 1024 * 1024;
const DRIP_MS = 250;

describe('clients that take their time', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({
      settings: {
        REQUEST_TIMEOUT_S: '1',
        HTTP_KEEPALIVE_S: '1',
        GRPC_MAX_CONNECTION_IDLE_S: '1',
        GRPC_MAX_CONCURRENT_STREAMS: '2',
        GRPC_KEEPALIVE_S: '0',
        HEARTBEAT_S: '0',
        MAX_CONNECTIONS: '20',
      },
    });
  });

  afterAll(() => test.stop());

  function open(url: string): Socket {
    const { hostname, port } = new URL(url);
    return connect(Number(port), hostname).on('error', () => undefined);
  }

  /** Sends the beginning, then again and again a little; gives what was answered until the gateway cut it. */
  async function drip(url: string, beginning: string, little: string): Promise<string> {
    const socket = open(url);
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.write(beginning);
    const timer = setInterval(() => socket.writable && little !== '' && socket.write(little), DRIP_MS);
    await once(socket, 'close');
    clearInterval(timer);
    return answer;
  }

  const post = (path: string, headers: string) =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n\r\n`;

  it.each([
    ['nothing', '', ''],
    ['half a line', 'GET /heal', ''],
    ['headers without end', 'GET /health HTTP/1.1\r\nhost: localhost\r\nx-note: ', 'x'],
    ['a body that does not end', post('/sessions', 'content-length: 1000'), ' '],
    ['a body of chunks without end', post('/sessions', 'transfer-encoding: chunked'), '1\r\n \r\n'],
    ['a body for no route', post('/nowhere', 'content-length: 1000'), ' '],
    [
      'a raw file that does not move',
      'PUT /files/slow.bin HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\n',
      'x',
    ],
  ])('are cut over HTTP with %s, and told so', async (_, beginning, little) => {
    expect(await drip(test.httpUrl, beginning, little)).toMatch(/HTTP\/1\.1 408 /);
  });

  it('are cut when they were refused before their body came', async () => {
    const request = post('/sessions', 'content-length: 1000').replace('localhost', 'elsewhere');

    expect(await drip(test.httpUrl, request, ' ')).toMatch(/^HTTP\/1\.1 421 /);
  });

  it('leave nothing behind of a file that did not move', async () => {
    await drip(
      test.httpUrl,
      'PUT /files/slow.txt HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: 1000\r\n\r\n',
      'x',
    );

    await eventually(async () => (await readdir(test.opencode.workspace)).every((name) => !name.endsWith('.tmp')));

    expect(await readdir(test.opencode.workspace)).not.toContain('slow.txt');
  });

  it('are cut over HTTP when they rest between two requests', async () => {
    expect(await drip(test.httpUrl, 'GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n', '')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('may take long for a file that moves', async () => {
    const body = async function* () {
      for (let count = 0; count < 12; count += 1) {
        yield Buffer.alloc(MIB);
        await pause(DRIP_MS);
      }
    };

    const response = await fetch(`${test.httpUrl}/files/large.bin`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: body(),
      duplex: 'half',
    });

    expect(response.status).toBe(200);
  });

  it('may read a quiet stream for as long as they like', async () => {
    const leaving = new AbortController();
    const response = await fetch(`${test.httpUrl}/events`, { headers: { accept: 'text/event-stream' }, signal: leaving.signal });
    const reader = response.body?.getReader();
    await reader?.read();

    const next = Promise.race([reader?.read().then(() => 'cut'), pause(3_500, 'open')]);

    await expect(next).resolves.toBe('open');
    leaving.abort();
  });

  it.each(['', 'PRI * HT', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])('are cut over gRPC when they only say %j', async (beginning) => {
    await drip(`http://${test.grpcAddress}`, beginning, '');
  });

  function session(): ClientHttp2Session {
    return connectHttp2(`http://${test.grpcAddress}`).on('error', () => undefined);
  }

  function begin(client: ClientHttp2Session) {
    const headers = {
      ':method': 'POST',
      ':path': '/opencode.event.EventService/SubscribeGlobalEvents',
      'content-type': 'application/grpc',
    };
    return client.request({ ...headers, te: 'trailers' }).on('error', () => undefined);
  }

  it('are told to go over gRPC when they call nothing', async () => {
    const client = session();

    await once(client, 'close');

    expect(client.destroyed).toBe(true);
  });

  it.each([
    ['no message', Buffer.alloc(0)],
    ['half a message', Buffer.from([0, 0, 0, 0, 9, 1])],
    ['a message without an end', Buffer.alloc(5)],
  ])('are refused over gRPC when a call brings %s', async (_, bytes) => {
    const client = session();
    const call = begin(client);
    call.write(bytes);

    const [headers] = (await once(call, 'response')) as [Record<string, string>];

    expect(headers).toMatchObject({ 'grpc-status': '4' });
    client.destroy();
  });

  it('may read a quiet stream over gRPC for as long as they like', async () => {
    const client = session();
    const call = begin(client);
    call.end(Buffer.alloc(5));
    await once(call, 'response');

    await pause(3_500);

    expect([call.closed, client.closed]).toEqual([false, false]);
    client.destroy();
  });

  it('have only so many calls open on one gRPC connection', async () => {
    const client = session();

    const [settings] = (await once(client, 'remoteSettings')) as [{ maxConcurrentStreams: number }];

    expect(settings.maxConcurrentStreams).toBe(2);
    client.destroy();
  });

  it('are sent away when they begin calls only to cancel them', async () => {
    const client = session();
    let isGone = false;
    client.once('close', () => (isGone = true));
    await once(client, 'connect');

    for (let count = 0; !isGone; count += 1) {
      if (!client.destroyed) begin(client).close(8);
      if (count % 100 === 0) await new Promise(setImmediate);
    }

    expect(client.destroyed).toBe(true);
  });

  it('find the door closed when too many are there, and open when they leave', async () => {
    const sockets = Array.from({ length: 40 }, () => open(test.httpUrl));
    let turnedAway = 0;
    // Whoever came in and said nothing is told so when the time is up.
    for (const socket of sockets) socket.once('data', () => socket.off('close', countIn)).once('close', countIn);
    function countIn(): void {
      turnedAway += 1;
    }

    await eventually(() => turnedAway >= 20);
    for (const socket of sockets) socket.destroy();

    await eventually(() =>
      fetch(`${test.httpUrl}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  });
});
