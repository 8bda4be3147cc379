import { isAbsolute, normalize, posix, relative } from 'node:path';
import type { Part } from '@a2a-js/sdk';
import mime from 'mime';
import type { ToolPart } from '../../message/message.model.js';
import { dataPart } from './task-status.mapper.js';

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

/** Beyond that a file is to be fetched, not told. */
const MAX_JSON_CHARACTERS = 65_536;
/** Readers of protobuf give up at a hundred messages within each other; an object is three of them. */
const MAX_JSON_DEPTH = 24;

/** The JSON file that a tool call wrote, as its value; undefined for what is none, and for what data parts cannot hold as it is. */
export function toJsonFilePart(part: ToolPart, directory: string): Part | undefined {
  const path = writtenPathOf(part, directory);
  if (path === undefined || mime.getType(path) !== 'application/json') return undefined;
  const { content } = part.input as { readonly content?: unknown };
  if (typeof content !== 'string' || content.length > MAX_JSON_CHARACTERS) return undefined;
  const value = parsed(content);
  if (typeof value !== 'object' || value === null || !isHeld(value, MAX_JSON_DEPTH)) return undefined;
  return { ...dataPart(value), filename: posix.basename(path) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Data parts have doubles for numbers: a larger integer would become another one. */
function isHeld(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((each) => isHeld(each, depth - 1));
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
