import { pino, type DestinationStream } from 'pino';
import type { Config } from '../config/config.js';

const STANDARD_ERROR = 2;

/** How log lines are written. */
export interface LogStyle {
  readonly isPretty: boolean;
  readonly hasColors: boolean;
}

/** Pretty for who reads along, unless told otherwise; colours on a terminal alone, and not where NO_COLOR or the terminal says no. */
export function logStyle({ LOG_FORMAT }: Pick<Config, 'LOG_FORMAT'>, isTerminal: boolean, environment: NodeJS.ProcessEnv): LogStyle {
  const isPretty = LOG_FORMAT === 'pretty' || (LOG_FORMAT === 'auto' && isTerminal);
  const { NO_COLOR = '', TERM } = environment;
  return { isPretty, hasColors: isPretty && isTerminal && NO_COLOR === '' && TERM !== 'dumb' };
}

/** Standard error: JSON lines, or what a person reads. What makes them pretty is loaded for that alone. */
export async function openLogDestination({ isPretty, hasColors }: LogStyle): Promise<DestinationStream> {
  if (!isPretty) return pino.destination({ dest: STANDARD_ERROR, sync: false });
  const { prettyFactory } = await import('pino-pretty');
  const toText = prettyFactory({
    colorize: hasColors,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{context} {msg}',
    ignore: 'context',
  });
  // Whoever reads along reads the last lines before an end too.
  const terminal = pino.destination({ dest: STANDARD_ERROR, sync: true });
  return { write: (line) => terminal.write(toText(line)) };
}
