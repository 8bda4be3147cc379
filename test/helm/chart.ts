import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The chart's files. */
export const CHART = join('helm', 'opencode-gateway');

export function readChart(file: string): string {
  return readFileSync(join(CHART, file), 'utf8');
}

/** The environment variables that the chart gives to the gateway by values of their own. */
export function chartVariables(): string[] {
  const named = [...readChart(join('templates', '_gateway.tpl')).matchAll(/\(list (?:[.$] )?"([A-Z][A-Z0-9_]*)" /g)];
  return [...new Set(named.map(([, name = '']) => name))].sort();
}

/** Settings that no value gives, each with its reason. */
export const NOT_IN_THE_CHART: Readonly<Record<string, string>> = {
  A2A_HOST: 'is HOST',
  A2A_PORT: 'is HTTP_PORT',
  A2A_PUBLIC_URL: 'is PUBLIC_URL',
  A2A_LOG_LEVEL: 'is LOG_LEVEL',
  OPENCODE_BIN: 'is for an OpenCode that the gateway starts itself, which it does in no mode',
  OPENCODE_HANG_S: 'is for such an OpenCode; here a probe watches it',
  OPENCODE_TRUST_WORKSPACE_CONFIG: 'is for such an OpenCode; here it is opencode.trustWorkspaceConfig',
};
