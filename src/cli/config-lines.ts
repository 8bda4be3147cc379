import { settings, type Config } from '../common/config/config.js';
import { isSecretName } from '../common/redaction/log-scrubber.js';

/** The settings that are in force as `NAME=value`, in the order of the schema; secrets and passwords in addresses are `***`. */
export function linesOf(config: Config): string[] {
  const values: Readonly<Record<string, unknown>> = config;
  return Object.keys(settings)
    .filter((name) => values[name] !== undefined)
    .map((name) => `${name}=${isSecretName(name) ? '***' : toText(values[name])}`);
}

function toText(value: unknown): string {
  return String(value)
    .replaceAll('\n', '\\n')
    .replace(/(:\/\/)[^\s/]+@/, '$1***@');
}
