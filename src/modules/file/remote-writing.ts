import { relative } from 'node:path';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { OpencodeFiles } from '../../common/opencode/opencode.files.js';
import { notMounted } from './file-errors.js';
import { checkConditions } from './file-info.js';
import type { FileInfo, WriteOptions } from './file.model.js';
import { decodeText } from './text.js';
import { toTextPatch } from './text-patch.js';

/** A file as it was read. */
export interface Known {
  readonly info: FileInfo;
  readonly bytes: Buffer;
}

export interface RemoteChange {
  readonly path: string;
  /** Undefined: there is no file. */
  readonly present: Known | undefined;
  /** Undefined: the file goes. */
  readonly wanted: Buffer | undefined;
  readonly options: Omit<WriteOptions, 'createDirs'>;
}

/** What a patch can carry. @throws GatewayError FAILED_PRECONDITION for bytes that are no text */
function textOf(bytes: Buffer | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const text = decodeText(bytes);
  if (text === undefined || text.includes('\0')) throw notMounted();
  return text;
}

/**
 * Changes a text file in a git repository that only OpenCode sees, by a patch: OpenCode has no call that writes.
 *
 * The patch holds what the file was when it was read, so it does not apply over what somebody wrote since, and git applies it
 * whole or not at all. git itself refuses its own files and paths through links.
 *
 * @throws GatewayError ABORTED when the file changed in between; FAILED_PRECONDITION for a condition that does not hold, for what is no
 * text, and where there is no repository
 */
export async function changeRemotely(files: OpencodeFiles, directory: string, change: RemoteChange): Promise<void> {
  const { path, present, wanted, options } = change;
  checkConditions(path, present?.info.etag, options);
  const [before, after] = [textOf(present?.bytes), textOf(wanted)];
  if (before === after) return;
  const below = relative(await files.worktree(directory), directory);
  const patch = toTextPatch(below === '' ? path : `${below}/${path}`, before, after);
  await files.applyPatch(directory, patch).catch((error: unknown) => {
    if (!(error instanceof GatewayError)) throw error;
    if (error.reason === 'NO_REPOSITORY') throw notMounted();
    if (error.reason !== 'PATCH_REFUSED') throw error;
    throw new GatewayError('ABORTED', `${path} was changed in the meantime, or git refuses the path`, {
      reason: 'FILE_CHANGED',
      cause: error,
    });
  });
}
