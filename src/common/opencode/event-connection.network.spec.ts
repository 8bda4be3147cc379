import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { EventConnection } from './event-connection.js';
import { OpencodeHttp } from './opencode.http.js';
import type { UpstreamFrame } from './opencode.types.js';

const CONNECTED = { payload: { type: 'server.connected', properties: {} } };

let server: Server;
let http: OpencodeHttp;
let connection: EventConnection;
let serve: (response: ServerResponse) => void;
const streams: ServerResponse[] = [];

beforeEach(async () => {
  streams.length = 0;
  server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    streams.push(response);
    serve(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = new OpencodeHttp(() => ({ baseUrl, username: 'opencode', password: undefined }), 5_000);
  Logger.overrideLogger(false);
  connection = new EventConnection(http, () => Promise.resolve(), new Logger('test'));
});

afterEach(async () => {
  connection.stop();
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function send(response: ServerResponse, value: unknown): void {
  response.write(`data: ${JSON.stringify(value)}\n\n`);
}

/** Follows the stream until a frame satisfies. */
function framesUntil(isLast: (frame: UpstreamFrame) => boolean): Promise<UpstreamFrame[]> {
  const frames: UpstreamFrame[] = [];
  return new Promise((resolve) => {
    connection.start({
      onFrame: (frame) => {
        frames.push(frame);
        if (isLast(frame)) resolve(frames);
      },
      onConnected: () => Promise.resolve(),
      onLost: () => undefined,
    });
  });
}

describe('EventConnection over the network', () => {
  it('gives every frame of a recorded turn', async () => {
    const recorded = readTranscript('03-tool-permission-once');
    serve = (response) => [CONNECTED, ...recorded, { payload: { type: 'end' } }].forEach((value) => send(response, value));

    const frames = await framesUntil(({ payload }) => payload.type === 'end');

    expect(frames.slice(0, -1)).toEqual(recorded);
  });

  it('comes back after its connection was cut', async () => {
    serve = (response) => {
      send(response, { payload: { type: `stream ${streams.length}` } });
      if (streams.length === 1) setImmediate(() => response.destroy());
    };

    const frames = await framesUntil(({ payload }) => payload.type === 'stream 2');

    expect(frames.map(({ payload }) => payload.type)).toEqual(['stream 1', 'stream 2']);
  });

  it('goes on after a frame that is no event', async () => {
    serve = (response) => [{}, { payload: { type: `stream ${streams.length}` } }].forEach((value) => send(response, value));

    const frames = await framesUntil(() => true);

    expect(frames.map(({ payload }) => payload.type)).toEqual(['stream 1']);
  }, 5_000);

  it('closes its connection when it is stopped', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    serve = (response) => {
      closed = new Promise((resolve) => response.once('close', resolve));
      send(response, { payload: { type: 'a' } });
    };
    await framesUntil(() => true);

    connection.stop();

    await expect(closed).resolves.toBeUndefined();
  });
});
