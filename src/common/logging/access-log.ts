import type { Logger } from 'pino';
import type { Caller } from '../access/caller.js';
import type { GatewayErrorCode } from '../errors/gateway-error.js';

/** A call that is over, as its door saw it. Nothing of what was said in it. */
export interface FinishedCall {
  readonly door: 'grpc' | 'http';
  /** `package.Service/Method`, or the route of what is no method; empty for what is nothing of ours, whatever it was called. */
  readonly method: string;
  /** Undefined for who was not let in, and where nobody is asked. */
  readonly caller: Caller | undefined;
  readonly code: GatewayErrorCode | 'OK';
  /** Of HTTP. */
  readonly status?: number;
  /** Of the clock that `performance.now` reads. */
  readonly startedAtMs: number;
  /** What was sent: over gRPC the messages, over HTTP the headers too. */
  readonly bytes: number;
}

/** Asked every few seconds by what watches us. */
const PROBES: ReadonlySet<string> = new Set(['opencode.v1.OpenCodeService/Health', 'grpc.health.v1.Health/Check', '/metrics']);

/** One line for each call when it is over, streams too; probes that went well only at debug. */
export class AccessLog {
  constructor(private readonly logger: Logger) {}

  record({ caller, startedAtMs, ...call }: FinishedCall): void {
    const level = call.code === 'OK' && PROBES.has(call.method) ? 'debug' : 'info';
    const ms = Math.round((performance.now() - startedAtMs) * 10) / 10;
    this.logger[level]({ context: 'Access', ...call, principal: caller?.principal.id, ms, requestId: caller?.requestId });
  }
}
