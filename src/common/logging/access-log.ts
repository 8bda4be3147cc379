import type { Logger } from 'pino';
import { sessionOf } from '../access/caller.js';
import type { CallObserver, FinishedCall } from '../calls/finished-call.js';

/** Asked every few seconds by what watches us. */
const PROBES: ReadonlySet<string> = new Set([
  'opencode.v1.OpenCodeService/Health',
  'grpc.health.v1.Health/Check',
  'grpc.health.v1.Health/List',
  '/livez',
  '/readyz',
  '/metrics',
]);

/** One line for each call when it is over, streams too; probes that went well only at debug. */
export class AccessLog implements CallObserver {
  constructor(private readonly logger: Logger) {}

  record({ caller, arrived, durationMs, isStream: _, ...call }: FinishedCall): void {
    const level = call.code === 'OK' && PROBES.has(call.method) ? 'debug' : 'info';
    if (!this.logger.isLevelEnabled(level)) return;
    this.logger[level]({
      context: 'Access',
      ...call,
      principal: caller?.principal.id,
      session: caller && sessionOf(caller),
      ms: Math.round(durationMs * 10) / 10,
      requestId: arrived.requestId,
      traceId: arrived.span.traceId,
    });
  }
}
