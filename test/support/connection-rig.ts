import { PassThrough } from 'node:stream';
import type { Logger } from '@nestjs/common';
import { GatewayError } from '../../src/common/errors/gateway-error.js';
import { EventConnection } from '../../src/common/opencode/event-connection.js';
import type { OpencodeHttp } from '../../src/common/opencode/opencode.http.js';
import type { UpstreamFrame } from '../../src/common/opencode/opencode.types.js';

export const CONNECTED = frame('server.connected');
export const SETTLE_MS = 100;
export const MARK_AGAIN_MS = 50;

export function frame(type: string, properties: object = {}): string {
  return `data: ${JSON.stringify({ payload: { id: 'evt_1', type, properties } })}\n\n`;
}

export function marked(command: string): string {
  return frame('tui.command.execute', { command });
}

/** An event stream whose chunks the test decides, and a listener that remembers what it was told. */
export class ConnectionRig {
  readonly bodies: PassThrough[] = [];
  readonly frames: UpstreamFrame[] = [];
  readonly sizes: number[] = [];
  readonly warnings: string[] = [];
  connectedCount = 0;
  lostCount = 0;
  onFrame: () => void = () => undefined;
  onConnected: () => Promise<void> = () => Promise.resolve();
  open: () => Promise<PassThrough> = async () => {
    const body = new PassThrough();
    this.bodies.push(body);
    return body;
  };
  readonly marks: string[] = [];
  /** As an OpenCode that publishes no marks. */
  publishMark: () => Promise<void> = () =>
    Promise.reject(new GatewayError('UNIMPLEMENTED', 'no such route', { reason: 'OPENCODE_TOO_OLD' }));
  readonly connection: EventConnection;

  constructor() {
    const http = { open: () => this.open(), goAway: () => undefined, comeBack: () => undefined } as unknown as OpencodeHttp;
    const logger = { warn: (message: string) => this.warnings.push(message) } as unknown as Logger;
    this.connection = new EventConnection(
      http,
      (name) => {
        this.marks.push(name);
        return this.publishMark();
      },
      logger,
    );
  }

  async start(): Promise<void> {
    this.connection.start({
      onFrame: (told, size) => {
        this.frames.push(told);
        this.sizes.push(size);
        this.onFrame();
      },
      onConnected: () => {
        this.connectedCount += 1;
        return this.onConnected();
      },
      onLost: () => (this.lostCount += 1),
    });
    await settle();
  }

  async write(...chunks: readonly (string | Buffer)[]): Promise<void> {
    for (const chunk of chunks) this.bodies.at(-1)?.write(chunk);
    await settle();
  }

  async cut(): Promise<void> {
    this.bodies.at(-1)?.destroy(new Error('socket closed'));
    await settle();
  }

  get types(): string[] {
    return this.frames.map(({ payload }) => payload.type);
  }
}

/** Lets what is ready happen; no time passes for timers. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

export async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  await settle();
}

/** A rig whose time passes only when the test says so. */
export function setUpRig(): ConnectionRig {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  jest.spyOn(Math, 'random').mockReturnValue(0);
  return new ConnectionRig();
}

export async function tearDownRig({ connection }: ConnectionRig): Promise<void> {
  connection.stop();
  await settle();
  jest.useRealTimers();
  jest.restoreAllMocks();
}
