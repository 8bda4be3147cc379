import type { BigIntStats } from 'node:fs';
import { Mime } from 'mime';
import otherTypes from 'mime/types/other.js';
import standardTypes from 'mime/types/standard.js';
import { etagMismatch, alreadyThere } from './file-errors.js';
import type { FileInfo, WriteOptions } from './file.model.js';

/** The registry takes .ts for an MPEG transport stream, which no workspace of an agent holds. */
const mime = new Mime(standardTypes, otherTypes).define({ 'text/typescript': ['ts', 'tsx', 'mts', 'cts'] }, true);
const UNKNOWN_TYPE = 'application/octet-stream';

export function mimeTypeOf(path: string): string {
  return mime.getType(path) ?? UNKNOWN_TYPE;
}

/** Every write gives a file another inode or another time; ctime also tells a write that set the old mtime again. */
export function etagOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-');
}

export function toFileInfo(path: string, stats: BigIntStats): FileInfo {
  const isDirectory = stats.isDirectory();
  return {
    path,
    isDirectory,
    sizeBytes: isDirectory ? 0 : Number(stats.size),
    modifiedAtMs: Number(stats.mtimeNs / 1_000_000n),
    mimeType: isDirectory ? '' : mimeTypeOf(path),
    etag: isDirectory ? '' : etagOf(stats),
  };
}

/** Whether a list of etags, as If-Match and If-None-Match have it, names this one. Quotes may be left out. */
export function namesEtag(list: string, etag: string): boolean {
  const named = list.split(',').map((item) => item.trim().replace(/^"(.*)"$/, '$1'));
  return named.includes('*') || (etag !== '' && named.includes(etag));
}

/** `etag`: undefined when nothing is there. @throws GatewayError FAILED_PRECONDITION or ALREADY_EXISTS when what is there is not what the writer expects */
export function checkConditions(path: string, etag: string | undefined, { ifMatch, mustCreate }: Omit<WriteOptions, 'createDirs'>): void {
  if (mustCreate && etag !== undefined) throw alreadyThere(path);
  if (ifMatch !== '' && (etag === undefined || !namesEtag(ifMatch, etag))) throw etagMismatch(path);
}
