import { createParser } from 'eventsource-parser';
import type { Logger } from '@nestjs/common';
import { Backoff } from '../streams/backoff.js';
import type { OpencodeHttp } from './opencode.http.js';
import type { UpstreamFrame } from './opencode.types.js';

const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 5_000;

/** OpenCode sends a heartbeat every 10 s, late by seconds when it is busy; three missed ones mean a dead connection. */
const SILENCE_MS = 30_000;

/** The subscription starts a moment after `server.connected` was sent: what is published in between is lost. 5 ms were enough when measured. */
const SETTLE_MS = 100;

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

  constructor(
    private readonly http: OpencodeHttp,
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
        listener.onLost();
      }
      if (!stopped.aborted) await delay(this.backoff.nextMs(), stopped);
    }
  }

  /** Follows one connection until it ends; resolves or rejects then. */
  private async follow(listener: EventConnectionListener, connection: AbortController): Promise<void> {
    const body = await this.http.open('/global/event', SILENCE_MS, connection.signal);
    const decoder = new TextDecoder();
    await new Promise<void>((resolve, reject) => {
      const parser = createParser({
        onEvent: ({ data }) => {
          const frame = this.parse(data);
          if (frame?.payload.type === 'server.connected') this.settle(listener, connection.signal).catch(reject);
          else if (frame !== undefined) listener.onFrame(frame, data.length);
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

  private async settle(listener: EventConnectionListener, signal: AbortSignal): Promise<void> {
    await delay(SETTLE_MS, signal);
    if (signal.aborted) return;
    this.http.comeBack();
    await listener.onConnected();
    this.backoff.reset();
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
