import { randomUUID } from 'node:crypto';
import { createParser } from 'eventsource-parser';
import type { Logger } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { Backoff } from '../streams/backoff.js';
import type { OpencodeHttp } from './opencode.http.js';
import type { UpstreamFrame } from './opencode.types.js';

const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;

/** OpenCode sends a heartbeat every 10 s, late by seconds when it is busy; three missed ones mean a dead connection. */
const SILENCE_MS = 30_000;

/** A mark that was published before the subscription began never comes. */
const MARK_AGAIN_MS = 50;
/** Where OpenCode publishes no mark for us, its subscription is believed to begin within this time. */
const SETTLE_MS = 100;

/** OpenCode has let go of one directory, or of all. */
const DISPOSED: ReadonlySet<string> = new Set(['server.instance.disposed', 'global.disposed']);

/** Makes OpenCode publish an event of ours. @throws GatewayError */
export type PublishMark = (name: string) => Promise<void>;

/** An event of ours that comes back on one connection. */
interface Mark {
  readonly name: string;
  readonly arrived: AbortController;
}

export interface EventConnectionListener {
  /** `size` is the frame's length on the wire, in characters. A failure reconnects. */
  onFrame(frame: UpstreamFrame, size: number): void;
  /** The stream is live; what happened before it must now be read by other calls. A failure reconnects. */
  onConnected(): Promise<void>;
  onLost(): void;
}

/** The one permanent `/global/event` stream of an OpenCode server, reconnected with backoff for as long as it runs. */
export class EventConnection {
  private readonly backoff = new Backoff(RECONNECT_MIN_MS, RECONNECT_MAX_MS);
  private stopped: AbortController | undefined;
  /**
   * Counts how often OpenCode may have forgotten what it read of its directories: it was disposed, or may have been started anew.
   */
  epoch = 0;
  private breakOff: (reason: unknown) => void = () => undefined;

  constructor(
    private readonly http: OpencodeHttp,
    private readonly publishMark: PublishMark,
    private readonly logger: Logger,
  ) {}

  start(listener: EventConnectionListener): void {
    const stopped = new AbortController();
    this.stopped = stopped;
    this.http.goAway();
    void this.run(listener, stopped.signal);
  }

  stop(): void {
    this.stopped?.abort();
  }

  /** Begins anew, as after a failure of the listener. */
  reconnect(reason: unknown): void {
    this.breakOff(reason);
  }

  private async run(listener: EventConnectionListener, stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      const connection = new AbortController();
      const stop = (): void => connection.abort();
      stopped.addEventListener('abort', stop, { once: true });
      try {
        await this.follow(listener, connection);
      } catch (error) {
        if (!stopped.aborted) this.logger.warn(`The event stream of OpenCode broke: ${String(error)}`);
      } finally {
        connection.abort();
        stopped.removeEventListener('abort', stop);
        this.http.goAway();
        this.epoch += 1;
        listener.onLost();
      }
      if (!stopped.aborted) await delay(this.backoff.nextMs(), stopped);
    }
  }

  /** Follows one connection until it ends; resolves or rejects then. */
  private async follow(listener: EventConnectionListener, connection: AbortController): Promise<void> {
    const body = await this.http.open('/global/event', SILENCE_MS, connection.signal);
    const decoder = new TextDecoder();
    const mark: Mark = { name: randomUUID(), arrived: new AbortController() };
    await new Promise<void>((resolve, reject) => {
      this.breakOff = reject;
      const parser = createParser({
        onEvent: ({ data }) => {
          const frame = this.parse(data);
          if (frame === undefined) return;
          if (frame.payload.type === 'server.connected') this.settle(listener, mark, connection.signal).catch(reject);
          else if (isMark(frame, mark.name)) mark.arrived.abort();
          else this.pass(frame, data.length, listener);
        },
      });
      const read = (chunk: Buffer): void => {
        try {
          parser.feed(decoder.decode(chunk, { stream: true }));
        } catch (error) {
          // What comes behind a frame that was lost must not be told: several chunks may come in one go.
          body.off('data', read);
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      body.on('data', read);
      body.once('end', resolve);
      body.on('error', reject);
    }).finally(() => body.destroy());
  }

  private pass(frame: UpstreamFrame, size: number, listener: EventConnectionListener): void {
    if (DISPOSED.has(frame.payload.type)) this.epoch += 1;
    listener.onFrame(frame, size);
  }

  private async settle(listener: EventConnectionListener, mark: Mark, signal: AbortSignal): Promise<void> {
    await this.untilSubscribed(mark, signal);
    if (signal.aborted) return;
    this.http.comeBack();
    await listener.onConnected();
    this.backoff.reset();
  }

  /**
   * OpenCode says `server.connected` before its subscription begins, and what is published in between is lost (measured: some
   * ms, with both cores busy more than 200). That nothing is lost any more only an event tells that comes back.
   */
  private async untilSubscribed({ name, arrived }: Mark, stopped: AbortSignal): Promise<void> {
    const over = AbortSignal.any([arrived.signal, stopped]);
    while (!over.aborted) {
      const isPublished = await this.publishMark(name).then(() => true, isRefusal);
      await delay(isPublished ? MARK_AGAIN_MS : SETTLE_MS, over);
      if (!isPublished) return;
    }
  }

  /** Undefined for an object that is no event. @throws Error when the stream is damaged: what else was lost with it only a new one tells */
  private parse(data: string): UpstreamFrame | undefined {
    const frame: unknown = JSON.parse(data);
    if (typeof frame !== 'object' || frame === null) throw new Error('its data is damaged');
    if (isFrame(frame)) return frame;
    this.logger.warn('OpenCode sent an event that is none; dropped');
    return undefined;
  }
}

function isFrame(value: object): value is UpstreamFrame {
  const payload = (value as UpstreamFrame).payload as UpstreamFrame['payload'] | null | undefined;
  return typeof payload?.type === 'string';
}

function isMark({ payload: { type, properties } }: UpstreamFrame, name: string): boolean {
  return type === 'tui.command.execute' && (properties as { readonly command?: string }).command === name;
}

/** False when OpenCode will not; an answer that is late is asked for again. @throws GatewayError UNAVAILABLE */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof GatewayError) || error.code === 'UNAVAILABLE') throw error;
  return error.code === 'DEADLINE_EXCEEDED';
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });
}
