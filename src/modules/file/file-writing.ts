import { randomBytes } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { link, open, rename, unlink, writeFile, type FileHandle } from 'node:fs/promises';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { Place } from './confined-directory.js';
import { alreadyThere, codeOf, tooLarge } from './file-errors.js';
import { checkConditions, etagOf, toFileInfo } from './file-info.js';
import type { FileContent, FileInfo, WriteOptions } from './file.model.js';

const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
const TEMPORARY_NAME = /^\.opencode-gateway-[0-9a-f]{16}\.tmp$/;
const PERMISSION_BITS = 0o777n;

/** Files that are not yet whole: lists leave them out. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

export interface Writing {
  readonly path: string;
  readonly content: FileContent;
  readonly options: WriteOptions;
  readonly maxBytes: number;
}

/**
 * Writes a file whole or not at all: beside its place, to the disk, and then into it. Its permissions stay.
 *
 * `inTurn` lets the last step of writes to the same place come one after another, so that of two writers with the same
 * etag one is refused. Other processes may still write in between: the file system has no compare-and-rename.
 *
 * @throws GatewayError FAILED_PRECONDITION, ALREADY_EXISTS; RESOURCE_EXHAUSTED above `maxBytes`; CANCELLED when the content breaks off
 */
export async function writeFileAt(place: Place, writing: Writing, inTurn: <T>(task: () => Promise<T>) => Promise<T>): Promise<FileInfo> {
  const { parent, stats } = place;
  const temporary = parent.at(`.opencode-gateway-${randomBytes(8).toString('hex')}.tmp`);
  // Before a byte is taken, and again at the end: the content may take its time.
  checkConditions(writing.path, stats && etagOf(stats), writing.options);
  try {
    const handle = await open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o666);
    try {
      if (stats !== undefined) await handle.chmod(Number(stats.mode & PERMISSION_BITS));
      await writeFile(handle, counted(writing.content, writing.maxBytes));
      await handle.sync();
      return await inTurn(() => moveIntoPlace(temporary, handle, place, writing));
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}

async function moveIntoPlace(
  temporary: string,
  handle: FileHandle,
  { parent, name }: Place,
  { path, options }: Writing,
): Promise<FileInfo> {
  const present: BigIntStats | undefined = await parent.stats(name);
  checkConditions(path, present && etagOf(present), options);
  if (options.mustCreate) {
    // A link never replaces what is there; a rename always does.
    await link(temporary, parent.at(name)).catch((error: unknown) => {
      throw codeOf(error) === 'EEXIST' ? alreadyThere(path) : error;
    });
    await unlink(temporary);
  } else {
    await rename(temporary, parent.at(name));
  }
  await parent.sync();
  return toFileInfo(path, await handle.stat({ bigint: true }));
}

/** The content as it comes, up to a number of bytes. @throws GatewayError RESOURCE_EXHAUSTED; CANCELLED when it breaks off */
export async function* counted(content: FileContent, maxBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : unbroken(content)) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

async function* unbroken(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (cause) {
    throw new GatewayError('CANCELLED', 'The content broke off', { reason: 'UPLOAD_BROKEN', cause });
  }
}
