import { Inject, Injectable, Optional } from '@nestjs/common';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { NO_SPAN, Tracer, type Span } from '../../../common/tracing/tracer.js';
import type { A2AVersion } from '../a2a.call.js';
import type { PushConfig } from '../task.store.js';
import { DEFAULT_PUSH_TIMING, PUSH_TIMING, type PushTiming } from './push.timing.js';
import { WebhookAddresses, WebhookRefused } from './webhook-address.js';

/** What a receiver says is of no interest; up to so much is read so that the connection can be used again. */
const MAX_ANSWER_BYTES = 64 * 1_024;
/** Receivers who say that trying again may help; with these, all of 5xx. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);
const GONE = 410;

const CONTENT_TYPES: Readonly<Record<A2AVersion, string>> = { '0.3': 'application/json', '1.0': 'application/a2a+json' };

/** How one attempt to tell a receiver went. `why` is for the log, and holds nothing of the address or its answer. */
export type PushAttempt =
  | { readonly outcome: 'delivered' }
  /** Wants to hear nothing more. */
  | { readonly outcome: 'gone' }
  /** It would not go better another time. */
  | { readonly outcome: 'refused'; readonly why: string }
  | { readonly outcome: 'failed'; readonly why: string; readonly retryAfterMs: number | undefined };

/** Posts one notification, once, to an address that was checked when the connection to it was made. Redirects are not followed. */
@Injectable()
export class PushSender {
  private readonly agent: Agent;

  private readonly attemptMs: number;

  constructor(
    addresses: WebhookAddresses,
    private readonly tracer: Tracer,
    @Optional() @Inject(PUSH_TIMING) { attemptMs }: PushTiming = DEFAULT_PUSH_TIMING,
  ) {
    this.attemptMs = attemptMs;
    this.agent = new Agent({ connect: connectorTo(addresses, attemptMs), keepAliveTimeout: 4_000 });
  }

  /** What is worked for now: the call that names a receiver, or nothing. */
  cause(): Span {
    return this.tracer.current();
  }

  /**
   * @param cause - that the notification is a part of; without one it begins a trace
   * @throws the signal's reason when it is aborted; what becomes of the notification is then unknown
   */
  async send(config: PushConfig, body: string, signal: AbortSignal, cause: Span = NO_SPAN): Promise<PushAttempt> {
    const span = this.begin(cause);
    try {
      const attempt = await this.post(config, body, signal, span);
      span.set({ 'a2a.push.outcome': attempt.outcome });
      span.end(attempt.outcome === 'failed' || attempt.outcome === 'refused' ? attempt.outcome : undefined);
      return attempt;
    } catch (error) {
      span.end('stopped');
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }

  /** Never where it goes: an address may hold secrets. */
  private begin(cause: Span): Span {
    const start = { name: 'POST push notification', kind: 'client', attributes: { 'http.request.method': 'POST' } } as const;
    return cause === NO_SPAN ? this.tracer.beginTrace(start) : this.tracer.begin(start, cause);
  }

  private async post(config: PushConfig, body: string, signal: AbortSignal, span: Span): Promise<PushAttempt> {
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(config.url, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { ...headersFor(config), ...this.tracer.headersOf(span, 'stranger') },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(this.attemptMs)]),
      });
      await answer.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
      return attemptOf(statusCode, String(headers['retry-after'] ?? ''));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof WebhookRefused) return { outcome: 'refused', why: 'its address is not allowed' };
      return { outcome: 'failed', why: codeOf(error), retryAfterMs: undefined };
    }
  }
}

/** Looks a host up once, and connects to what was found and checked: a name that changes its mind meanwhile leads nowhere else. */
function connectorTo(addresses: WebhookAddresses, timeout: number): buildConnector.connector {
  return (options, callback) => {
    addresses.addressesOf(options.hostname, timeout).then(
      (checked) => buildConnector({ timeout, lookup: lookupIn(checked) })(options, callback),
      (error: Error) => callback(error, null),
    );
  };
}

function lookupIn(addresses: readonly LookupAddress[]): LookupFunction {
  return (_, { all }, callback) => {
    if (all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  };
}

function headersFor({ version, token, authentication }: PushConfig): Record<string, string> {
  const { scheme, credentials } = authentication ?? { scheme: '', credentials: '' };
  return {
    'content-type': CONTENT_TYPES[version],
    ...(token !== '' && { 'x-a2a-notification-token': token }),
    ...(credentials !== '' && { authorization: `${scheme} ${credentials}` }),
  };
}

function attemptOf(status: number, retryAfter: string): PushAttempt {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status === GONE) return { outcome: 'gone' };
  const why = `HTTP ${status}`;
  if (status < 500 && !PASSING_STATUSES.has(status)) return { outcome: 'refused', why };
  return { outcome: 'failed', why, retryAfterMs: retryAfterMsOf(retryAfter) };
}

/** Seconds, or a date. */
function retryAfterMsOf(text: string): number | undefined {
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Codes of Node and undici tell what went wrong; their messages may tell where. */
function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((word) => typeof word === 'string') ?? 'unknown';
}
