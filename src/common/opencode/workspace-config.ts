import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GatewayError } from '../errors/gateway-error.js';

/** Whether OpenCode takes configuration from the directories it works in; of one that is not ours nobody here can say. */
export type WorkspaceConfigUse = 'trusted' | 'ignored' | 'unmanaged';

/** What makes OpenCode look past opencode.json, .opencode, AGENTS.md and skills of its directories (measured with 1.18.33). */
export const IGNORE_WORKSPACE_CONFIG: Readonly<Record<string, string>> = {
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
  OPENCODE_DISABLE_EXTERNAL_SKILLS: '1',
};

const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Configuration that comes with a workspace, which can name plugins, MCP commands, permissions and providers.
 *
 * Its plugins OpenCode 1.18.33 runs whatever its switches say, as soon as something is sent to a model: where the configuration
 * is not trusted, nothing is sent from a directory that has some.
 */
export class WorkspaceConfig {
  constructor(
    readonly use: WorkspaceConfigUse,
    /** What stands above it is the operator's. */
    private readonly root: string,
  ) {}

  /** @throws GatewayError FAILED_PRECONDITION, reason WORKSPACE_PLUGINS, when OpenCode would run code of the directory's configuration */
  async requireNoPlugins(directory: string): Promise<void> {
    if (this.use !== 'ignored') return;
    for (let path = directory; ; path = dirname(path)) {
      if (await hasPlugins(path)) throw withPlugins();
      if (path === this.root || path === dirname(path)) return;
    }
  }
}

function withPlugins(): GatewayError {
  const message = 'The directory has OpenCode plugins of its own, which are not trusted here (OPENCODE_TRUST_WORKSPACE_CONFIG)';
  return new GatewayError('FAILED_PRECONDITION', message, { reason: 'WORKSPACE_PLUGINS' });
}

async function hasPlugins(directory: string): Promise<boolean> {
  const configuration = join(directory, '.opencode');
  const found = await Promise.all([
    ...['plugin', 'plugins'].map((name) => hasCode(join(configuration, name))),
    ...[directory, configuration].flatMap((place) => ['opencode.json', 'opencode.jsonc'].map((name) => namesPlugins(join(place, name)))),
  ]);
  return found.includes(true);
}

async function hasCode(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(unlessAbsent);
  return names?.some((name) => /\.[jt]s$/.test(name)) ?? false;
}

/** Without reading JSON as OpenCode does, with comments and all: a name that could be spelled in escapes counts. */
async function namesPlugins(file: string): Promise<boolean> {
  const found = await stat(file).catch(unlessAbsent);
  if (found === undefined || found.isDirectory()) return false;
  if (!found.isFile() || found.size > MAX_CONFIG_BYTES) return true;
  return /plugin|\\u/.test(await readFile(file, 'utf8'));
}

/** What is there and cannot be looked at may hold anything. */
function unlessAbsent(error: unknown): undefined {
  if (/^(ENOENT|ENOTDIR)$/.test(String((error as NodeJS.ErrnoException).code))) return undefined;
  throw withPlugins();
}
