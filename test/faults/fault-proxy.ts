import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { CALLS, type CallFault, type Ending, type FaultKind, type PlannedFault } from './faults.js';
import { FramePath, type Surroundings, type Wire } from './frame-path.js';
import { framesOf } from './frames.js';

/** Of one connection: not the other's to read. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);
/** A reset takes what is still unsent with it; the bytes before it should arrive. */
const FLUSH_MS = 3;

export interface ProxyRun {
  readonly sessionIds: ReadonlySet<string>;
  readonly faults: readonly PlannedFault[];
  readonly onKill?: (kind: 'kill-opencode' | 'kill-gateway') => void;
}

/**
 * Stands between the gateway and OpenCode and does to their connections what networks and processes do.
 *
 * Without a run it changes nothing. With one, its faults strike as the run's frames and calls come by; `disarm` ends them.
 */
export class FaultProxy implements Surroundings {
  /** What struck in this run, in order. */
  readonly struck: FaultKind[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private run: ProxyRun | undefined;
  private path: FramePath | undefined;
  private readonly calls = new Map<string, number>();
  private refusing = false;
  private gate: Promise<unknown> = Promise.resolve();
  private heal: () => void = () => undefined;

  private constructor(readonly upstreamUrl: string) {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.keepAliveTimeout = 60_000;
    this.server.on('connection', (socket: Socket) => {
      if (this.refusing) return void socket.resetAndDestroy();
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  static async start(upstreamUrl: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstreamUrl);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Frames of the run so far. */
  get framesSeen(): number {
    return this.path?.seen ?? 0;
  }

  /** Does something when so many more frames of the run have passed. */
  afterFrames(frames: number, act: () => void): void {
    this.path?.after(frames, act);
  }

  /** Types of the frames that were dropped in this run. */
  get dropped(): readonly string[] {
    return this.path?.dropped ?? [];
  }

  arm(run: ProxyRun): void {
    this.run = run;
    this.struck.length = 0;
    this.calls.clear();
    const planned = run.faults.filter((fault) => 'frame' in fault);
    this.path = new FramePath(new Set(run.sessionIds), planned, this);
  }

  /** Ends all faults; what is held back goes on. */
  disarm(): void {
    this.run = undefined;
    this.path?.end();
    this.refusing = false;
    this.heal();
  }

  async stop(): Promise<void> {
    this.disarm();
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  refuse(ms: number): void {
    this.refusing = true;
    this.cutAll();
    setTimeout(() => (this.refusing = false), ms).unref();
  }

  async stall(ms: number, then: 'heal' | 'cut'): Promise<void> {
    const gate = new Promise<void>((resolve) => (this.heal = resolve));
    this.gate = gate;
    const timer = setTimeout(() => {
      if (then === 'cut' && this.run !== undefined) this.cutAll();
      this.heal();
    }, ms);
    await gate;
    clearTimeout(timer);
  }

  kill(kind: 'kill-opencode' | 'kill-gateway'): void {
    this.run?.onKill?.(kind);
  }

  happened(kind: FaultKind): void {
    this.struck.push(kind);
  }

  private cutAll(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await buffer(request);
      await this.gate;
      const fault = this.faultOf(request);
      if (await strikes(fault, 'before')) return reset(response);
      const answer = await this.forward(request, body, response);
      const isStream = String(answer.headers['content-type']).includes('text/event-stream');
      const whole = isStream ? undefined : await buffer(answer);
      await this.gate;
      if (await strikes(fault, 'after')) {
        answer.destroy();
        return reset(response);
      }
      response.writeHead(answer.statusCode ?? 502, passedOn(answer.rawHeaders));
      if (whole !== undefined) response.end(whole);
      else await this.stream(answer, response);
    } catch {
      // OpenCode is gone, or the gateway is: each learns of the other's end as it would without us.
      reset(response);
    }
  }

  private faultOf({ method, url }: IncomingMessage): CallFault | undefined {
    const line = `${method} ${url?.split('?')[0]}`;
    let due: CallFault | undefined;
    for (const [name, pattern] of Object.entries(CALLS)) {
      if (!pattern.test(line)) continue;
      const count = (this.calls.get(name) ?? 0) + 1;
      this.calls.set(name, count);
      const planned = this.run?.faults.find((fault) => 'call' in fault && fault.call === name && fault.nth === count);
      if (planned !== undefined && 'call' in planned) due = planned.fault;
    }
    if (due !== undefined) this.happened(due.kind);
    return due;
  }

  private forward({ method, url, headers }: IncomingMessage, body: Buffer, response: ServerResponse): Promise<IncomingMessage> {
    const target = new URL(url ?? '/', this.upstreamUrl);
    return new Promise((resolve, reject) => {
      // A connection for each call: one kept alive may end just as it is used again, which would be a fault nobody planned.
      const call = httpRequest(target, { method, headers: { ...headers, host: target.host, connection: 'close' }, agent: false });
      response.once('close', () => call.destroy());
      call.once('response', resolve).on('error', reject).end(body);
    });
  }

  private async stream(answer: IncomingMessage, response: ServerResponse): Promise<void> {
    response.flushHeaders();
    const wire = toWire(response);
    for await (const frame of framesOf(answer)) {
      await this.gate;
      if (this.path === undefined) await wire.write(frame);
      else await this.path.pass(frame, wire);
      if (!wire.isOpen) return;
    }
    response.end();
  }
}

/** Waits if the fault is a delay; true when the connection is to be cut. */
async function strikes(fault: CallFault | undefined, when: CallFault['when']): Promise<boolean> {
  if (fault?.when !== when) return false;
  if (fault.kind === 'delay-call') await pause(fault.ms);
  return fault.kind === 'cut-call';
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Names and values one after the other, as they came. */
function passedOn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !HOP_BY_HOP.has((rawHeaders[index - (index % 2)] ?? '').toLowerCase()));
}

function toWire(response: ServerResponse): Wire {
  let isCut = false;
  return {
    get isOpen() {
      return !isCut && !response.destroyed;
    },
    async write(bytes) {
      if (!isCut && !response.destroyed && !response.write(bytes)) await untilTaken(response);
    },
    async cut(ending: Ending) {
      isCut = true;
      if (ending === 'end') return void response.end();
      await pause(FLUSH_MS);
      if (ending === 'fin') response.socket?.end();
      else reset(response);
    },
  };
}

/** Settles when the gateway has taken what it was sent, or left. */
function untilTaken(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
