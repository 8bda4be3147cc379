import { FreshValue } from '../streams/fresh-value.js';
import type { OpencodePool } from './opencode.pool.js';

/** Long enough to keep lists off the path of every prompt. */
const MAX_AGE_MS = 30_000;
/** An unknown name is looked for again in a list that is older than this: it may have been added. */
const RECHECK_AGE_MS = 1_000;
const MAX_DIRECTORIES = 200;

/** What OpenCode says per directory (agents, providers), kept for a short time, and no longer than OpenCode keeps it itself. */
export class DirectoryCache<T> {
  private readonly byDirectory = new Map<string, FreshValue<T>>();

  private epoch = 0;

  constructor(
    private readonly pool: Pick<OpencodePool, 'epoch'>,
    private readonly read: (directory: string) => Promise<T>,
  ) {}

  get(directory: string): Promise<T> {
    return this.valueOf(directory).get();
  }

  /** The first value that satisfies, from the list at hand or a fresher one; else the freshest. */
  async getWhere(directory: string, satisfies: (value: T) => boolean): Promise<T> {
    const kept = await this.get(directory);
    return satisfies(kept) ? kept : this.valueOf(directory).get(RECHECK_AGE_MS);
  }

  clear(): void {
    this.byDirectory.clear();
  }

  private valueOf(directory: string): FreshValue<T> {
    const { epoch } = this.pool;
    if (epoch !== this.epoch) this.clear();
    this.epoch = epoch;
    let value = this.byDirectory.get(directory);
    if (value === undefined) {
      value = new FreshValue(() => this.read(directory), MAX_AGE_MS);
      this.byDirectory.set(directory, value);
      const [oldest] = this.byDirectory.keys();
      if (oldest !== undefined && this.byDirectory.size > MAX_DIRECTORIES) this.byDirectory.delete(oldest);
    }
    return value;
  }
}
