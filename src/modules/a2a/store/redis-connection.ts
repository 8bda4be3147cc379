import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { Backoff } from '../../../common/streams/backoff.js';

const RECONNECT_MIN_MS = 100;
const RECONNECT_MAX_MS = 5_000;
const ANSWERS_WITHIN_MS = 2_000;
/** A peer that went without a word is noticed by what it does not answer. */
const PING_EVERY_MS = 5_000;
const SILENT_FOR_MS = 12_000;

/** What node-redis can do without Redis' modules. */
export type RedisClient = ReturnType<typeof makeClient>;

/**
 * A connection to Redis or Valkey that comes back by itself. Whatever is asked meanwhile fails at once, so that callers wait for nothing.
 *
 * One primary, no cluster: what changes together stands under several keys.
 */
export class RedisConnection {
  private readonly logger = new Logger('TaskStore');
  private readonly client: RedisClient;
  /** Settles when the first attempt to connect did, either way. */
  private readonly tried: Promise<void>;
  private isAway = false;
  private isClosed = false;

  /** @throws Error that does not repeat the address, for it may hold a password */
  constructor(
    url: string,
    private readonly onFailure: () => void = () => undefined,
  ) {
    this.client = makeClient(url);
    this.tried = new Promise((resolve) => {
      this.client.once('ready', resolve);
      this.client.once('error', () => resolve());
    });
    this.client.on('ready', () => this.comeBack());
    this.client.on('error', (error: Error) => this.goAway(error));
    // Attempts are made for as long as the store is open; they end with an error when it is closed first.
    void this.client.connect().catch(() => undefined);
  }

  /** @throws GatewayError UNAVAILABLE when the command was refused, not answered, or could not be sent */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${ANSWERS_WITHIN_MS} ms`)), ANSWERS_WITHIN_MS);
    });
    try {
      return await Promise.race([this.tried.then(() => command(this.client)), late]);
    } catch (error) {
      this.onFailure();
      throw new GatewayError('UNAVAILABLE', 'The task store does not answer', { reason: 'STORE_UNAVAILABLE', cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.client.destroy();
  }

  private goAway(error: Error): void {
    if (this.isAway || this.isClosed) return;
    this.isAway = true;
    this.logger.warn(`The task store went away; trying to reach it again: ${error.message}`);
  }

  private comeBack(): void {
    if (this.isAway) this.logger.log('The task store is back');
    this.isAway = false;
  }
}

function makeClient(url: string) {
  const backoff = new Backoff(RECONNECT_MIN_MS, RECONNECT_MAX_MS);
  const socket = {
    connectTimeout: ANSWERS_WITHIN_MS,
    socketTimeout: SILENT_FOR_MS,
    reconnectStrategy: (retries: number): number => {
      if (retries === 0) backoff.reset();
      return backoff.nextMs();
    },
  };
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (!['redis:', 'rediss:', 'unix:'].includes(protocol))
    throw new Error('The address of the task store is not a redis, rediss or unix URL');
  return createClient({
    disableOfflineQueue: true,
    pingInterval: PING_EVERY_MS,
    maintNotifications: 'disabled',
    ...(protocol === 'unix:' ? { socket: { ...socket, path: decodeURIComponent(new URL(url).pathname), tls: false } } : { url, socket }),
  });
}
