import { FreshValue } from '../streams/fresh-value.js';

/** Long enough to keep lists off the path of every prompt. */
const MAX_AGE_MS = 30_000;
/** An unknown name is looked for again in a list that is older than this: it may have been added. */
const RECHECK_AGE_MS = 1_000;
const MAX_DIRECTORIES = 200;

/** What OpenCode says per directory (agents, providers), kept for a short time. */
export class DirectoryCache<T> {
  private readonly byDirectory = new Map<string, FreshValue<T>>();

  constructor(private readonly read: (directory: string) => Promise<T>) {}

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
