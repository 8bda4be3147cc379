import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { notAFile, toFileError } from './file-errors.js';
import { toFileInfo } from './file-info.js';
import type { FileInfo, OpenFile } from './file.model.js';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
/** Chunks of 256 KiB were tried: no difference beyond the noise. */
const CHUNK_BYTES = 64 * 1_024;
/** Read ahead while the reader takes what it has. */
const AHEAD_BYTES = 4 * CHUNK_BYTES;

/** A regular file of the local file system. */
export class LocalFile implements OpenFile {
  private constructor(
    private readonly handle: FileHandle,
    readonly info: FileInfo,
  ) {}

  /**
   * `at` names it in a directory that is held open, `stats` are what is there: a device must not even be opened.
   *
   * @throws GatewayError FAILED_PRECONDITION for what is no regular file. It does not wait for the other end of a pipe.
   */
  static async open(path: string, at: string, stats: BigIntStats): Promise<LocalFile> {
    if (!stats.isFile()) throw notAFile(path);
    const handle = await open(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    try {
      const opened = await handle.stat({ bigint: true });
      if (!opened.isFile()) throw notAFile(path);
      return new LocalFile(handle, toFileInfo(path, opened));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.info.sizeBytes - offset)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await this.handle.read(bytes, filled, bytes.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  }

  stream(offset: number, length: number): Readable {
    const end = offset + length;
    let position = offset;
    const readNext = async (stream: Readable): Promise<void> => {
      const chunk = await this.read(position, Math.min(CHUNK_BYTES, end - position));
      position += chunk.length;
      // An answer that promised more bytes has to break off: its reader would wait for them.
      if (chunk.length === 0 && position < end) throw new GatewayError('ABORTED', `${this.info.path} was cut`, { reason: 'FILE_CHANGED' });
      stream.push(chunk.length === 0 ? null : chunk);
    };
    return new Readable({
      highWaterMark: AHEAD_BYTES,
      read() {
        readNext(this).catch((error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))));
      },
      destroy: (error, callback) => {
        this.close().then(
          () => callback(error),
          () => callback(error),
        );
      },
    });
  }

  async close(): Promise<void> {
    await this.handle.close().catch((error: unknown) => {
      throw toFileError(this.info.path, error);
    });
  }
}
