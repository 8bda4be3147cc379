import { Agent, request, type Dispatcher } from 'undici';
import { GatewayError } from '../errors/gateway-error.js';
import { NO_SPAN, NoTracer, type Span, type Tracer } from '../tracing/tracer.js';
import { routeMissing, toGatewayError, toTransportError } from './opencode.errors.js';
import { toRoute, type UpstreamRoute } from './opencode.route.js';

/** A connection opened before OpenCode is ready is never answered; another one a little later is. */
const OPEN_TIMEOUT_MS = 2_000;
/** Once it is back, OpenCode answers in less what it is going to answer. */
const ANSWERS_WITHIN_MS = 2_000;

/** Where an OpenCode server listens and how it knows us. An embedded one may change its address when it restarts. */
export interface OpencodeEndpoint {
  readonly baseUrl: string;
  readonly username: string;
  readonly password: string | undefined;
}

export interface UpstreamCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  readonly path: string | UpstreamRoute;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Overrides the client's time limit. */
  readonly timeoutMs?: number;
}

export interface UpstreamAnswer {
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A call of OpenCode that is over; of a stream: that has begun. */
export interface FinishedUpstreamCall {
  /** `GET /session/{id}` */
  readonly route: string;
  /** The status of OpenCode's answer; of one that did not come, or is of no use, our code. */
  readonly code: string;
  readonly durationMs: number;
}

/** Who is told of calls. */
export interface UpstreamWatch {
  readonly onFinished?: (call: FinishedUpstreamCall) => void;
  readonly tracer?: Tracer;
}

/** A call under way. */
interface Attempt {
  /** For errors. */
  readonly name: string;
  /** That tell OpenCode which trace it works for. */
  readonly trace: Readonly<Record<string, string>>;
  /** Of the answer. */
  status?: number;
}

/** Calls of one OpenCode server: address, credential, time limit, and what its failures mean. Knows no route. */
export class OpencodeHttp {
  private readonly agent = new Agent({ connections: 64, keepAliveTimeout: 4_000 });
  private readonly tracer: Tracer;
  /** Ends the calls that were begun while OpenCode was away. */
  private away: AbortController | undefined;

  constructor(
    private readonly endpoint: () => OpencodeEndpoint,
    private readonly timeoutMs: number,
    private readonly watches: UpstreamWatch = {},
  ) {
    this.tracer = watches.tracer ?? new NoTracer();
  }

  /** Until `comeBack` calls may be accepted and never answered: so OpenCode does for a moment while it starts (measured). */
  goAway(): void {
    this.away ??= new AbortController();
  }

  /** OpenCode answers again: what it was asked before and has not answered soon it never will. */
  comeBack(): void {
    const { away } = this;
    this.away = undefined;
    const giveUp = (): void =>
      away?.abort(toTransportError('a call that was begun while OpenCode was away', new Error('it is not answered')));
    setTimeout(giveUp, ANSWERS_WITHIN_MS).unref();
  }

  /** @throws GatewayError by the table of upstream failures. */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    const away = this.away?.signal;
    try {
      return await this.watch(call, (attempt) => this.answer(call, attempt, away));
    } catch (error) {
      if (away?.aborted === true && call.method === 'GET') return this.call(call);
      throw error;
    }
  }

  /** An answer that is not JSON, held whole. @throws GatewayError RESOURCE_EXHAUSTED above `maxBytes` */
  bytes(call: UpstreamCall, maxBytes: number): Promise<Buffer> {
    return this.watch(call, async (attempt) => {
      const { statusCode, body } = await request(this.urlOf(call), {
        ...this.optionsOf(call, attempt.trace),
        signal: AbortSignal.timeout(call.timeoutMs ?? this.timeoutMs),
      });
      attempt.status = statusCode;
      if (statusCode >= 400) throw toGatewayError(attempt.name, statusCode, await body.text());
      const chunks: Buffer[] = [];
      let total = 0;
      for await (const chunk of body) {
        chunks.push(chunk as Buffer);
        total += (chunk as Buffer).length;
        if (total > maxBytes)
          throw new GatewayError('RESOURCE_EXHAUSTED', `OpenCode's answer has more than ${maxBytes} bytes`, { reason: 'FILE_TOO_LARGE' });
      }
      return Buffer.concat(chunks);
    });
  }

  /** Opens a stream; `silenceMs` without a byte ends it with an error. */
  open(path: string, silenceMs: number, signal: AbortSignal): Promise<Dispatcher.ResponseData['body']> {
    const call = { method: 'GET', path } as const;
    return this.watch(call, async (attempt) => {
      const { statusCode, headers, body } = await request(this.urlOf(call), {
        ...this.optionsOf(call, attempt.trace),
        headersTimeout: OPEN_TIMEOUT_MS,
        bodyTimeout: silenceMs,
        signal,
      });
      attempt.status = statusCode;
      if (statusCode >= 400) throw toGatewayError(attempt.name, statusCode, await body.text());
      if (!String(headers['content-type']).includes('text/event-stream')) {
        // Destroying a body that is still under way is an error of its own to its listeners.
        body.on('error', () => undefined).destroy();
        throw routeMissing(attempt.name);
      }
      return body;
    });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async answer(call: UpstreamCall, attempt: Attempt, away: AbortSignal | undefined): Promise<UpstreamAnswer> {
    const timeoutMs = call.timeoutMs ?? this.timeoutMs;
    const { statusCode, headers, body } = await request(this.urlOf(call), {
      ...this.optionsOf(call, attempt.trace),
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(away === undefined ? [] : [away])]),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    attempt.status = statusCode;
    const text = await body.text();
    if (statusCode >= 400) throw toGatewayError(attempt.name, statusCode, text);
    if (text === '') return { json: undefined, headers };
    if (!String(headers['content-type']).includes('json')) throw routeMissing(attempt.name);
    return { json: JSON.parse(text) as unknown, headers };
  }

  /**
   * Gives a call its name for errors, makes these GatewayErrors, and tells how it went. It is a part of what it is made for, and OpenCode
   * is told of which; what nobody's call needs is not traced.
   */
  private async watch<T>(call: UpstreamCall, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { path, template } = toRoute(call.path);
    const parent = this.tracer.current();
    const span = parent.isRecorded ? this.beginSpan(call.method, template, parent) : NO_SPAN;
    const trace = this.tracer.headersOf(parent.isRecorded ? span : parent, 'ours');
    const attempt: Attempt = { name: `${call.method} ${path}`, trace };
    const startedAtMs = performance.now();
    const finish = (code: string): void =>
      this.watches.onFinished?.({ route: `${call.method} ${template}`, code, durationMs: performance.now() - startedAtMs });
    try {
      const result = await work(attempt);
      finish(String(attempt.status));
      span.end();
      return result;
    } catch (error) {
      const failure = toTransportError(attempt.name, error);
      const { status = 0 } = attempt;
      finish(status >= 400 ? String(status) : failure.code);
      span.end(failure.code);
      throw failure;
    }
  }

  private beginSpan(method: string, template: string, parent: Span): Span {
    const attributes = { 'http.request.method': method, 'url.template': template, 'peer.service': 'opencode' };
    return this.tracer.begin({ name: `${method} ${template}`, kind: 'client', attributes }, parent);
  }

  private urlOf({ path, query }: Pick<UpstreamCall, 'path' | 'query'>): URL {
    const url = new URL(toRoute(path).path, this.endpoint().baseUrl);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  private optionsOf({ method, body }: Pick<UpstreamCall, 'method' | 'body'>, trace: Attempt['trace']) {
    const { username, password } = this.endpoint();
    const headers: Record<string, string> = { accept: '*/*', ...trace };
    if (password !== undefined) headers['authorization'] = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (body === undefined) return { method, headers, dispatcher: this.agent };
    return { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body), dispatcher: this.agent };
  }
}
