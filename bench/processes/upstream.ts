import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pace } from '../pace.js';
import { serve } from '../remote.js';
import {
  CEILING_EVENTS,
  GrowingMessage,
  session,
  SESSION_ID,
  toOtherSession,
  toServerFrame,
  toStoredEvent,
  WORKSPACE,
  type StoredEvent,
} from './upstream-frames.js';

/** A scripted OpenCode: what the gateway asks at its start and for one busy session, and that session's events on command. */
export type UpstreamCommands = typeof commands;

export type Audience = 'gateway' | 'ceiling';

const HEARTBEAT_MS = 10_000;
/** Deltas after which a part is closed and the next begun; a long answer of a model has a few thousand. */
const DELTAS_PER_PART = 10_000;
const DELTAS_PER_WRITE = 32;

/** A busy session: whoever follows it gets its status at once, which shows that the stream is live. */
const answers: Readonly<Record<string, unknown>> = {
  '/global/health': { healthy: true, version: '1.18.33' },
  '/path': { directory: WORKSPACE },
  '/experimental/session': [session],
  [`/session/${SESSION_ID}`]: session,
  [`/session/${SESSION_ID}/abort`]: true,
  '/session/status': { [SESSION_ID]: { type: 'busy' } },
  '/permission': [],
  '/question': [],
  '/agent': [],
  '/config': {},
  '/config/providers': { providers: [] },
};

/** Followers of OpenCode's events, and a ceiling's: only one kind is told at a time, so that the other rests. */
const audiences: Readonly<Record<Audience, Set<ServerResponse>>> = { gateway: new Set(), ceiling: new Set() };
const numbers: Readonly<Record<Audience, { next: number }>> = { gateway: { next: 0 }, ceiling: { next: 0 } };
let readers = audiences.gateway;

function follow(response: ServerResponse, audience: Audience): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' });
  response.write(toServerFrame('server.connected'));
  audiences[audience].add(response);
  response.once('close', () => audiences[audience].delete(response));
}

const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '';
  if (path === '/global/event') return follow(response, 'gateway');
  if (path === CEILING_EVENTS) return follow(response, 'ceiling');
  if (path === '/sync/history') return void tellHistory(request, response);
  const answer = answers[path];
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { name: 'NotFoundError', data: { message: path } }));
});

let history: readonly StoredEvent[] = [];

async function tellHistory(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = JSON.parse((await request.setEncoding('utf8').toArray()).join('')) as Record<string, number>;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(history.filter(({ seq }) => seq > (body[SESSION_ID] ?? -1))));
}

function tell(frames: string, to = readers): void {
  for (const reader of to) reader.write(frames);
}

/** Settles when a reader has taken what it was sent, or left. */
function untilTaken(reader: ServerResponse): Promise<void> {
  if (!reader.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      reader.off('drain', done).off('close', done);
      resolve();
    };
    reader.on('drain', done).on('close', done);
  });
}

/** As fast as the slowest reader. */
async function flood(message: GrowingMessage, durationMs: number): Promise<number> {
  const endsAtMs = performance.now() + durationMs;
  let sent = 0;
  while (performance.now() < endsAtMs) {
    let frames = '';
    for (let count = 0; count < DELTAS_PER_WRITE; count += 1) {
      frames += message.grow(`w${sent} `);
      sent += 1;
      if (sent % DELTAS_PER_PART === 0) frames += message.endPart() + message.beginPart();
    }
    tell(frames);
    await Promise.all([nextTurn(), ...[...readers].map(untilTaken)]);
  }
  return sent;
}

const commands = {
  async start(): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    setInterval(() => tell(toServerFrame('server.heartbeat'), audiences.gateway), HEARTBEAT_MS).unref();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  /** Keeps a history of so many durable events, for those who ask for it. */
  remember(count: number): void {
    history = Array.from({ length: count }, (_, nth) => toStoredEvent(nth));
  },

  /** Tells of so many other sessions. */
  meet(count: number): void {
    for (let nth = 0; nth < count; nth += 1) tell(toOtherSession(nth));
  },

  /** Lets a text grow at a rate (Infinity: as fast as it is read); gives the number of deltas. The nth delta is `w<n> `. */
  async play(perSecond: number, durationMs: number, audience: Audience = 'gateway'): Promise<number> {
    readers = audiences[audience];
    const message = new GrowingMessage(numbers[audience]);
    tell(message.begin());
    let next = 0;
    const send = (count: number): void => {
      for (const end = next + count; next < end; next += 1) tell(message.grow(`w${next} `));
    };
    const sent = perSecond === Infinity ? await flood(message, durationMs) : await pace(perSecond, durationMs, send);
    tell(message.endPart());
    return sent;
  },
};

serve(commands);
