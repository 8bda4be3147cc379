import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Level, type Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { LogScrubber } from '../redaction/log-scrubber.js';
import { NoTracer, type Tracer } from '../tracing/tracer.js';

/** Never written, wherever in what is logged they stand. */
const NEVER = ['authorization', 'headers', 'body', 'token', 'key', 'password'].flatMap((name) => [name, `*.${name}`]);

/** JSON lines, each of which goes through the scrubber before it goes anywhere. */
export function createLogger(
  config: Pick<Config, 'LOG_LEVEL' | 'OPENCODE_DEBUG'>,
  scrubber: LogScrubber,
  destination: DestinationStream,
): Logger {
  return pino(
    {
      level: config.OPENCODE_DEBUG ? 'debug' : config.LOG_LEVEL,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: NEVER, remove: true },
      serializers: { err: tellError },
      hooks: { streamWrite: (line) => scrubber.scrub(line) },
    },
    destination,
  );
}

/** An error's words and where it happened, and nothing that libraries hang on errors: requests, answers, headers. */
function tellError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause !== undefined && { cause: tellError(cause) }) };
}

/** Nest's own log lines, and those of services that use Nest's Logger, through pino; they name the trace that work is done for. */
export class PinoNestLogger implements LoggerService {
  /** What is audited is no matter of LOG_LEVEL. */
  private readonly audit: Logger;

  constructor(
    private readonly pino: Logger,
    private readonly tracer: Tracer = new NoTracer(),
  ) {
    this.audit = pino.child({}, { level: 'info' });
  }

  log(message: unknown, ...rest: unknown[]): void {
    // What Nest says of its own start-up (every route, every module) helps only when one looks for it.
    this.write(NEST_CONTEXTS.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const { traceId } = this.tracer.current();
    if (message instanceof Error) this.pino[level]({ err: message, context, traceId }, message.message);
    else if (isAudit(message)) this.audit.info({ ...message, traceId });
    else if (typeof message === 'object') this.pino[level]({ ...message, context, traceId });
    else this.pino[level]({ context, traceId }, typeof message === 'string' ? message : JSON.stringify(message));
  }
}

function isAudit(message: unknown): message is object {
  return typeof message === 'object' && message !== null && 'audit' in message;
}

const NEST_CONTEXTS: ReadonlySet<string> = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
]);
