import { isAbsolute, normalize, posix, relative } from 'node:path';
import type { Part } from '@a2a-js/sdk';
import mime from 'mime';
import type { ToolPart } from '../../message/message.model.js';

/** Tools of OpenCode that leave a file behind. */
const WRITING: ReadonlySet<string> = new Set(['write', 'edit']);

/** The file that a tool call wrote, below the session's directory; undefined for any other call, and for files elsewhere. */
export function writtenPathOf({ tool, status, input }: ToolPart, directory: string): string | undefined {
  if (!WRITING.has(tool) || status !== 'success') return undefined;
  const { filePath } = input as { readonly filePath?: unknown };
  if (typeof filePath !== 'string') return undefined;
  const path = isAbsolute(filePath) ? relative(directory, filePath) : normalize(filePath);
  return path === '' || path === '..' || path.startsWith('../') ? undefined : path;
}

/** Where callers read a file of a session: over REST, with the token that they have. */
export function fileUrlOf(baseUrl: string, sessionId: string, path: string): string {
  return `${baseUrl}/sessions/${sessionId}/files/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The file as a part of an artifact. */
export function toFilePart(url: string, path: string): Part {
  const filename = posix.basename(path);
  return {
    content: { $case: 'url', value: url },
    metadata: undefined,
    filename,
    mediaType: mime.getType(filename) ?? 'application/octet-stream',
  };
}
