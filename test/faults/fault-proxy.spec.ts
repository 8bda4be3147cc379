import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { FaultProxy } from './fault-proxy.js';
import type { FrameFault, PlannedFault } from './faults.js';

const SESSION = 'ses_1';
let server: Server;
let proxy: FaultProxy;
/** What reached the server: method, path and body. */
let reached: string[];
let streams: ServerResponse[];

beforeEach(async () => {
  reached = [];
  streams = [];
  server = createServer((incoming, response) => {
    if (incoming.url === '/global/event') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      streams.push(response);
      return;
    }
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      reached.push(`${incoming.method} ${incoming.url} ${body}`);
      response
        .writeHead(201, { 'content-type': 'application/json', 'x-next-cursor': 'abc', 'set-cookie': ['a=1', 'b=2'] })
        .end(`{"got":"${body}"}`);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await FaultProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

afterEach(async () => {
  await proxy.stop();
  server.closeAllConnections();
  server.close();
});

function arm(...faults: PlannedFault[]): void {
  proxy.arm({ sessionIds: new Set([SESSION]), faults });
}

function frame(n: number, sessionID = SESSION): string {
  return `data: ${JSON.stringify({ payload: { type: 'message.part.delta', properties: { sessionID, delta: `ü😀${n}` } } })}\n\n`;
}

/** Sends the first so many frames through a fault at the second; gives what came out, chunk by chunk, and how it ended. */
async function through(fault: FrameFault, count = 4, at = 2): Promise<{ text: string; chunks: Buffer[]; ended: string }> {
  arm({ frame: at, fault });
  const { body } = await request(`${proxy.url}/global/event`);
  const chunks: Buffer[] = [];
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  const reading = new Promise<string>((resolve) => body.once('end', () => resolve('end')).once('error', () => resolve('broken')));
  for (let n = 1; n <= count; n += 1) streams.at(-1)?.write(frame(n));
  const ended = await Promise.race([reading, pause(250, 'open')]);
  return { text: Buffer.concat(chunks).toString(), chunks, ended };
}

const ALL = [1, 2, 3, 4].map((n) => frame(n)).join('');

describe('FaultProxy', () => {
  it('changes nothing on its own: calls, answers, streams', async () => {
    const direct = await fetch(`${proxy.upstreamUrl}/session?x=1`, { method: 'POST', body: 'hé' });
    const response = await fetch(`${proxy.url}/session?x=1`, { method: 'POST', body: 'hé' });
    const stream = await fetch(`${proxy.url}/global/event`);
    streams[0]?.end(`${ALL}data: {"payload":{"type":"server.heartbeat"}}\n\nrest`);

    expect(reached[1]).toBe(reached[0]);
    expect([response.status, await response.text()]).toEqual([direct.status, await direct.text()]);
    expect(response.headers.get('x-next-cursor')).toBe('abc');
    expect(response.headers.getSetCookie()).toEqual(direct.headers.getSetCookie());
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    expect(await stream.text()).toBe(`${ALL}data: {"payload":{"type":"server.heartbeat"}}\n\nrest`);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('cuts a call %s it reached OpenCode, and only the one that is meant', async (when, arrived) => {
    arm({ call: 'prompt', nth: 1, fault: { kind: 'cut-call', when } });
    const prompt = (): Promise<Response> => fetch(`${proxy.url}/session/ses_1/prompt_async`, { method: 'POST', body: 'p' });

    const other = await fetch(`${proxy.url}/session/ses_1/abort`, { method: 'POST' });
    await expect(prompt()).rejects.toThrow();
    const count = reached.filter((line) => line.includes('prompt_async')).length;
    const second = await prompt();

    expect([other.status, count, second.status]).toEqual([201, arrived, 201]);
    expect(proxy.struck).toEqual(['cut-call']);
  });

  it.each([
    ['rst', 'broken'],
    ['fin', 'broken'],
    ['end', 'end'],
  ] as const)('ends a stream by %s inside a frame', async (ending, ended) => {
    const result = await through({ kind: 'cut', ending, at: 'inside' });

    expect(result.ended).toBe(ended);
    expect(result.text.startsWith(frame(1))).toBe(true);
    expect(result.text.length).toBeGreaterThan(frame(1).length);
    expect(frame(1) + frame(2)).toContain(result.text.replace('\uFFFD', ''));
  });

  it.each([
    ['before', frame(1)],
    ['after', frame(1) + frame(2)],
  ] as const)('ends a stream %s a frame', async (at, text) => {
    expect(await through({ kind: 'cut', ending: 'end', at })).toMatchObject({ text, ended: 'end' });
  });

  it('drops, duplicates and corrupts frames', async () => {
    const dropped = await through({ kind: 'drop', frames: 2 });
    const names = proxy.dropped;
    const repeated = await through({ kind: 'duplicate', later: 0 });
    const late = await through({ kind: 'duplicate', later: 2 });
    const garbage = await through({ kind: 'corrupt', how: 'garbage' });

    expect(dropped.text).toBe(frame(1) + frame(4));
    expect(names).toEqual(['message.part.delta', 'message.part.delta']);
    expect(repeated.text).toBe(frame(1) + frame(2) + frame(2) + frame(3) + frame(4));
    expect(late.text).toBe(ALL + frame(2));
    expect(() => JSON.parse(garbage.text.split('\n\n')[1]?.slice('data: '.length) ?? '') as unknown).toThrow();
    expect(garbage.text.endsWith(frame(3) + frame(4))).toBe(true);
  });

  it.each(['bytes', 'anywhere', 'batch'] as const)('cuts the stream into other chunks (%s) and keeps its bytes', async (how) => {
    const { text, chunks } = await through({ kind: 'rechunk', how, frames: 3, seed: 7 });

    expect(text).toBe(ALL);
    if (how === 'batch') expect(chunks.some((chunk) => chunk.toString().includes(frame(2) + frame(3)))).toBe(true);
    else expect(chunks.some((chunk) => chunk.toString().includes('\uFFFD'))).toBe(true);
  });

  it('stalls with open sockets, for calls too, until the stall heals or the faults end', async () => {
    const { text, ended } = await through({ kind: 'stall', ms: 60_000, then: 'heal' });
    const call = fetch(`${proxy.url}/session`);
    const early = await Promise.race([call, pause(50, 'waiting')]);
    proxy.disarm();

    expect([text, ended, early]).toEqual([frame(1), 'open', 'waiting']);
    expect((await call).status).toBe(201);
  });

  it('refuses everybody for a while', async () => {
    const { ended } = await through({ kind: 'refuse', ms: 60_000 });
    await expect(fetch(`${proxy.url}/session`)).rejects.toThrow();
    proxy.disarm();

    expect(ended).toBe('broken');
    expect((await fetch(`${proxy.url}/session`)).status).toBe(201);
  });

  it('counts the frames of its run alone, and leaves others as they are', async () => {
    arm({ frame: 1, fault: { kind: 'drop', frames: 1 } });
    const response = await fetch(`${proxy.url}/global/event`);
    streams[0]?.end(frame(1, 'ses_other') + frame(2) + frame(3));

    expect(await response.text()).toBe(frame(1, 'ses_other') + frame(3));
    expect(proxy.framesSeen).toBe(2);
  });

  it('cuts both ways when OpenCode dies', async () => {
    const response = await fetch(`${proxy.url}/global/event`);
    streams[0]?.destroy();

    await expect(response.text()).rejects.toThrow();
  });
});
