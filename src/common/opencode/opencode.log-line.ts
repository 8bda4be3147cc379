/** What lines of OpenCode's log are about; none of these repeats what a provider answers, a prompt or a statement. */
const TOLD: ReadonlySet<string> = new Set([
  ...['level', 'service', 'session.id', 'sessionID', 'messageID', 'projectID', 'providerID', 'modelID', 'agent', 'mode', 'small', 'step'],
  ...['directory', 'cwd', 'path', 'platform', 'backend', 'hash', 'id', 'type', 'tool', 'status', 'duration', 'count', 'name', 'attempt'],
  ...['llm.runtime', 'llm.provider', 'llm.model', 'permission', 'pattern', 'action.action', 'version'],
]);

/** `key=value` or `key="a value"`, as OpenCode writes its lines. */
const PAIR = /([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)/g;

/**
 * A line of OpenCode's log with what is known to be harmless: its error and stack hold what the provider answered.
 *
 * What is left out is named. A line of another form is told as it is: OpenCode says so why it cannot start.
 */
export function readLogLine(line: string): Readonly<Record<string, unknown>> {
  if (!line.startsWith('timestamp=')) return { msg: line };
  const pairs = [...line.matchAll(PAIR)].map(([, key = '', value = '']) => [key, unquote(value)] as const);
  const [, msg = ''] = pairs.find(([key]) => key === 'message') ?? [];
  const told = pairs.filter(([key]) => TOLD.has(key));
  const withheld = pairs.map(([key]) => key).filter((key) => !TOLD.has(key) && !['timestamp', 'message', 'run'].includes(key));
  return { msg, opencode: Object.fromEntries(told), ...(withheld.length > 0 && { withheld }) };
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}
