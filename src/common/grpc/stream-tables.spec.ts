import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { RenewedMap } from '../collections/renewed-map.js';
import { renewStreamTables } from './stream-tables.js';

let server: Http2Server;
let client: ClientHttp2Session;
let session: ServerHttp2Session;

beforeEach(async () => {
  server = createServer();
  renewStreamTables(server);
  server.on('stream', (stream, { ':path': path }) => {
    stream.respond();
    if (path === '/ends') stream.end('whole');
    else stream.write('begun');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'session');
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  [session] = (await accepted) as [ServerHttp2Session];
});

afterEach(() => {
  client.destroy();
  server.close();
});

/** The tables that Node keeps for this connection and that are ours. */
function tables(): RenewedMap<number, unknown>[] {
  const inside = session as unknown as Record<symbol, object | null>;
  return Object.getOwnPropertySymbols(session)
    .flatMap((symbol) => Object.values(inside[symbol] ?? {}))
    .filter((value) => value instanceof RenewedMap);
}

async function answer(path: string): Promise<string> {
  const stream = client.request({ ':path': path }).setEncoding('utf8');
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

describe('the table of a connection', () => {
  it('is ours, in the Node at hand', () => {
    expect(tables()).toHaveLength(1);
  });

  it('holds the streams that are open, and none that has ended', async () => {
    for (let call = 0; call < 600; call += 1) expect(await answer('/ends')).toBe('whole');
    await once(client.request({ ':path': '/stays' }), 'data');

    expect(tables()[0]?.size).toBe(1);
  });

  it('lets a connection close once its streams have ended', async () => {
    const stays = client.request({ ':path': '/stays' });
    await once(stays, 'data');
    const closed = once(session, 'close');

    session.close();
    expect(session.destroyed).toBe(false);
    stays.close();

    await closed;
    expect(tables()[0]?.size ?? 0).toBe(0);
  });

  it('has a connection that is cut end its streams', async () => {
    const stays = client.request({ ':path': '/stays' });
    await once(stays, 'data');
    const ended = once(stays, 'close');

    session.destroy();

    await ended;
  });
});
