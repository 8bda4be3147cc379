import { Logger } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { DIRECTORY_BROKEN } from './opencode.errors.js';

/** What runs in a broken directory is being aborted, as a rule: how long it may take to end. */
const BUSY_MS = 5_000;
const LOOK_MS = 250;
/** Another client may break it again, or dispose it while it is read. */
const MAX_ATTEMPTS = 3;

/** What the mender does in OpenCode. */
export interface MendableDirectories {
  /** Whether something runs in the directory. */
  isBusy(directory: string): Promise<boolean>;
  /** Makes OpenCode begin the directory anew. Aborts whatever runs there. */
  dispose(directory: string): Promise<void>;
}

/**
 * Makes directories usable again that OpenCode has broken.
 *
 * Who aborts the first prompt of a directory in its first moments (measured: 200 ms) interrupts the reading of its providers,
 * and OpenCode keeps that for ever: every prompt there dies without a word, and `/config/providers` answers 503 without a
 * body, until the directory is disposed.
 */
export class DirectoryMender {
  private readonly logger = new Logger(DirectoryMender.name);
  private readonly mending = new Map<string, Promise<boolean>>();

  constructor(private readonly directories: MendableDirectories) {}

  /** The answer of a read in a directory, which is mended first if it is broken and nothing runs in it. */
  async read<T>(directory: string, read: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof GatewayError) || error.reason !== DIRECTORY_BROKEN) throw error;
        if (attempt === MAX_ATTEMPTS || !(await this.mendOnce(directory))) throw error;
      }
    }
  }

  /** One dispose for all who meet the breakage at the same time: another would break what the first made whole. */
  private mendOnce(directory: string): Promise<boolean> {
    let mending = this.mending.get(directory);
    if (mending === undefined) {
      mending = this.mend(directory).finally(() => this.mending.delete(directory));
      this.mending.set(directory, mending);
    }
    return mending;
  }

  private async mend(directory: string): Promise<boolean> {
    for (const deadlineMs = Date.now() + BUSY_MS; await this.directories.isBusy(directory);) {
      if (Date.now() > deadlineMs) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    this.logger.warn('OpenCode has broken a directory: it is disposed');
    await this.directories.dispose(directory);
    return true;
  }
}
