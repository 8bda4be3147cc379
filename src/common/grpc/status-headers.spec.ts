import { once } from 'node:events';
import { connect, createServer, type Http2Server, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tendStatusHeaders } from './status-headers.js';

const LONG = 'x'.repeat(100_000);

describe('tendStatusHeaders', () => {
  let server: Http2Server;
  let answer: (stream: ServerHttp2Stream) => void;

  beforeEach(async () => {
    server = createServer().on('stream', (stream) => answer(stream));
    tendStatusHeaders(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  afterEach(() => server.close());

  /** All headers of the answer to a call. */
  async function call(): Promise<Record<string, unknown>> {
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ':method': 'POST' });
    const heard = {};
    stream.on('response', (headers) => Object.assign(heard, headers)).on('trailers', (headers) => Object.assign(heard, headers));
    stream.resume();
    await once(stream, 'close');
    session.close();
    return heard;
  }

  const ways: readonly (readonly [string, (stream: ServerHttp2Stream, status: OutgoingHttpHeaders) => void])[] = [
    ['in place of an answer', (stream, status) => stream.respond(status, { endStream: true })],
    [
      'behind an answer',
      (stream, status) => {
        stream.on('wantTrailers', () => stream.sendTrailers(status));
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.end('some');
      },
    ],
  ];

  it.each(ways)('shortens a status %s', async (_, send) => {
    answer = (stream) => send(stream, { 'grpc-status': 5, 'grpc-message': LONG });

    const { 'grpc-status': code, 'grpc-message': message } = await call();

    expect(code).toBe('5');
    expect(message).toMatch(/^x{1400,1536}%E2%80%A6$/);
  });

  it.each(ways)('sends no details %s that are long and no status', async (_, send) => {
    answer = (stream) => send(stream, { 'grpc-status': 5, 'grpc-message': 'gone', 'grpc-status-details-bin': LONG });

    const headers = await call();

    expect(headers).toMatchObject({ 'grpc-status': '5', 'grpc-message': 'gone' });
    expect(headers).not.toHaveProperty('grpc-status-details-bin');
  });

  it.each(['Invalid%20grpc-timeout%20value%20%22x%22', 'Failed%20to%20decompress%20message'])(
    'blames the caller for "%s"',
    async (message) => {
      answer = (stream) => stream.respond({ 'grpc-status': 13, 'grpc-message': message }, { endStream: true });

      expect(await call()).toMatchObject({ 'grpc-status': '3', 'grpc-message': message });
    },
  );

  it('leaves every other status as it is', async () => {
    const status = { 'grpc-status': '13', 'grpc-message': 'Internal%20error', 'grpc-status-details-bin': 'CA0=' };
    answer = (stream) => stream.respond(status, { endStream: true });

    expect(await call()).toMatchObject(status);
  });
});
