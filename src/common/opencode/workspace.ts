import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { StartError } from '../config/config.js';
import { GatewayError } from '../errors/gateway-error.js';

/** Staying inside a directory that others change at the same time needs what only Linux offers to Node: /proc/self/fd. */
const CAN_CONFINE = process.platform === 'linux';

function isDirectoryHere(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The directory in which every session lives.
 *
 * OpenCode takes any directory of the host, existing or not, so the limit has to be ours. Where the gateway shares no
 * file system with OpenCode (a remote server) paths are compared as text.
 */
export class Workspace {
  private constructor(
    /** Absolute, symbolic links resolved: OpenCode reports directories that way. */
    readonly root: string,
    private readonly local: boolean,
    /** Whether its files are at hand: always when OpenCode is ours, with a remote one when the same path is a directory here too. */
    readonly isMounted: boolean,
  ) {}

  /** @throws StartError when the directory is missing. */
  static atLocal(directory: string): Workspace {
    try {
      const root = realpathSync(directory);
      if (statSync(root).isDirectory()) return new Workspace(root, true, CAN_CONFINE);
    } catch {
      // Said below, in the operator's words.
    }
    throw new StartError(`OPENCODE_WORKSPACE_ROOT: ${directory} is not a directory`);
  }

  /** `isNamed`: the operator named it, so a directory of that path on this host is the same one. */
  static atRemote(root: string, isNamed = false): Workspace {
    const path = resolve(root);
    return new Workspace(path, false, CAN_CONFINE && isNamed && isDirectoryHere(path));
  }

  contains(directory: string): boolean {
    return directory === this.root || directory.startsWith(this.root === sep ? sep : this.root + sep);
  }

  /**
   * The real path of a directory a caller named, absolute or relative to the root.
   *
   * @throws GatewayError INVALID_ARGUMENT when it is outside, or missing where that can be seen.
   */
  resolveDirectory(directory: string): string {
    const { path, isDirectory } = this.look(resolve(this.root, directory));
    // First whether it is ours: of what is outside the host must not even say whether it is there.
    if (!this.contains(path)) throw GatewayError.invalid('directory', 'is outside the workspace');
    if (!isDirectory) throw GatewayError.invalid('directory', 'is not a directory of the workspace');
    return path;
  }

  /** A path as the caller should see it: relative to the root, without the host's folders above it. */
  relativePath(path: string): string {
    return isAbsolute(path) && this.contains(path) ? relative(this.root, path) : path;
  }

  private look(path: string): { readonly path: string; readonly isDirectory: boolean } {
    if (path.includes('\0')) return { path, isDirectory: false };
    if (!this.local) return { path, isDirectory: true };
    try {
      const real = realpathSync(path);
      return { path: real, isDirectory: statSync(real).isDirectory() };
    } catch {
      return { path, isDirectory: false };
    }
  }
}
