import { GatewayError } from '../../common/errors/gateway-error.js';

/** Reason of a failed `if_match`. */
export const ETAG_MISMATCH = 'ETAG_MISMATCH';

/** `ENOENT` and its like; empty for other errors. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A link that leads outside and one that leads nowhere look the same, so that links cannot feel for what the host has. */
export function leadsOutside(): GatewayError {
  return new GatewayError('PERMISSION_DENIED', 'path: a symbolic link leads outside, or nowhere', { reason: 'LINK_LEADS_OUTSIDE' });
}

export function gitIsRefused(): GatewayError {
  return new GatewayError('PERMISSION_DENIED', "path: git's own files are not written or deleted here", { reason: 'GIT_IS_PROTECTED' });
}

export function notAFile(path: string): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', `${path} is not a regular file`, { reason: 'NOT_A_FILE' });
}

export function notADirectory(path: string): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', `${path} is not a directory`, { reason: 'NOT_A_DIRECTORY' });
}

export function etagMismatch(path: string): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', `${path} is not as if_match says`, { reason: ETAG_MISMATCH });
}

export function alreadyThere(path: string): GatewayError {
  return new GatewayError('ALREADY_EXISTS', `${path} is already there`, { reason: 'FILE_EXISTS' });
}

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', `A file may have at most ${maxBytes} bytes`, { reason: 'FILE_TOO_LARGE' });
}

export function notMounted(): GatewayError {
  return new GatewayError('FAILED_PRECONDITION', 'This needs the workspace of the remote OpenCode mounted as OPENCODE_WORKSPACE_ROOT', {
    reason: 'WORKSPACE_NOT_MOUNTED',
  });
}

/** What the operating system refused, in words about the caller's path: its own would tell the host's. */
export function toFileError(path: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const cause = error;
  switch (codeOf(error)) {
    case 'ENOENT':
      return GatewayError.notFound('file', path);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new GatewayError('PERMISSION_DENIED', `${path}: the gateway may not do this`, { reason: 'FILE_ACCESS_DENIED', cause });
    case 'EEXIST':
      return alreadyThere(path);
    case 'ENOTDIR':
      return notADirectory(path);
    case 'EISDIR':
    case 'ENXIO':
    case 'ENODEV':
      return notAFile(path);
    case 'ENOTEMPTY':
      return new GatewayError('FAILED_PRECONDITION', `${path} is not empty`, { reason: 'DIRECTORY_NOT_EMPTY' });
    case 'EBUSY':
    case 'ETXTBSY':
      return new GatewayError('FAILED_PRECONDITION', `${path} is in use`, { reason: 'FILE_BUSY', cause });
    case 'ENAMETOOLONG':
      return GatewayError.invalid('path', 'is too long for the file system');
    case 'EINVAL':
    case 'EILSEQ':
      return GatewayError.invalid('path', 'is not a name the file system takes');
    case 'ELOOP':
    case 'ESTALE':
      return new GatewayError('ABORTED', `${path} was replaced in the meantime`, { reason: 'FILE_CHANGED', cause });
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new GatewayError('RESOURCE_EXHAUSTED', 'There is no space left for the file', { reason: 'NO_SPACE', cause });
    case 'EMFILE':
    case 'ENFILE':
      return new GatewayError('UNAVAILABLE', 'Too many files are open', { reason: 'TOO_MANY_OPEN_FILES', retryAfterMs: 1_000, cause });
    default:
      return new GatewayError('INTERNAL', 'The file system failed', { reason: 'FILE_SYSTEM_FAILED', cause });
  }
}
