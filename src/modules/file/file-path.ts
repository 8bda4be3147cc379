import { GatewayError } from '../../common/errors/gateway-error.js';

const MAX_PATH_BYTES = 4_096;
const MAX_NAME_BYTES = 255;
const LONE_SURROGATE = /\p{Surrogate}/u;

function problemOf(path: string, names: readonly string[]): string | undefined {
  if (path.startsWith('/')) return 'must be relative';
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `must have at most ${MAX_PATH_BYTES} bytes`;
  if (path.includes('\0') || LONE_SURROGATE.test(path)) return 'must be text without NUL';
  if (names.includes('')) return 'must not have empty components';
  if (names.includes('.') || names.includes('..')) return 'must not have the components . or ..';
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) return `must have components of at most ${MAX_NAME_BYTES} bytes`;
  return undefined;
}

/**
 * The components of a caller's path. Case, Unicode form and backslashes are left alone: they are part of names.
 *
 * @throws GatewayError INVALID_ARGUMENT naming `path`
 */
export function parsePath(path: string): string[] {
  const names = path.split('/');
  const problem = problemOf(path, names);
  if (problem !== undefined) throw GatewayError.invalid('path', problem);
  return names;
}

/** The same for a directory, where nothing and `.` mean the one that everything is relative to. @throws GatewayError INVALID_ARGUMENT */
export function parseDirectoryPath(path: string): string[] {
  return path === '' || path === '.' ? [] : parsePath(path);
}

/** In any case: on a file system that ignores it, `.GIT` is git's too. */
export function isGitPath(names: readonly string[]): boolean {
  return names.some((name) => name.toLowerCase() === '.git');
}
