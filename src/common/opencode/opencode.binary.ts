import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { StartError } from '../config/config.js';

/** The OpenCode this gateway was measured against. */
const OPENCODE_VERSION = '1.18.33';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A binary that came with an optional platform package; undefined on other platforms. */
function packagedBinary(packageName: string, name: string): string | undefined {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`)), 'bin', name);
    return isExecutable(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function onPath(name: string, path: string | undefined): string | undefined {
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/**
 * The OpenCode binary: as configured, else from the optional dependency, else on the PATH.
 *
 * @throws StartError saying how to get it for this platform.
 */
export function findOpencode(configured: string | undefined, path: string | undefined): string {
  if (configured !== undefined) {
    if (isExecutable(configured)) return configured;
    throw new StartError(`OPENCODE_BIN: ${configured} is not an executable file`);
  }
  const found = packagedBinary('opencode-linux-x64', 'opencode') ?? onPath('opencode', path);
  if (found !== undefined) return found;
  const platform = `${process.platform}-${process.arch}`;
  throw new StartError(
    `OPENCODE_BIN: OpenCode's binary was not found for ${platform}; install it with "npm install -g opencode-ai@${OPENCODE_VERSION}", or set OPENCODE_BIN to it, or OPENCODE_BASE_URL to a running server`,
  );
}

/** The PATH of the embedded OpenCode: with ripgrep, without which its search and the agent's grep fail offline. */
export function pathWithRipgrep(path: string | undefined): string | undefined {
  if (onPath('rg', path) !== undefined) return path;
  const ripgrep = packagedBinary('@vscode/ripgrep-linux-x64', 'rg');
  return ripgrep === undefined ? path : [dirname(ripgrep), path].filter((part) => part !== undefined).join(delimiter);
}
