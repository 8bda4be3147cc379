import { readdir } from 'node:fs/promises';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
import type { ConfinedDirectory } from './confined-directory.js';
import { codeOf } from './file-errors.js';
import { isTemporaryName } from './file-writing.js';
import { compileGlobs } from './glob.js';
import type { FileInfo, FilePage, FileQuery } from './file.model.js';

/** Directories held open on the way down; what lies deeper is listed by its own path. */
const MAX_DEPTH = 100;
const STATS_AT_ONCE = 64;

type Describe = (directory: ConfinedDirectory, name: string, path: string) => Promise<FileInfo | undefined>;

/**
 * One page of a walk in the order of the paths.
 *
 * A position is a path, so pages stay right while files come and go. What lies before the position is not walked; of a
 * tree only the page and the names of the directories on the way are in memory.
 */
export class FileListing {
  private readonly after: string;
  private readonly isWanted: (path: string) => boolean;
  private readonly isExcluded: (path: string) => boolean;
  private readonly files: FileInfo[] = [];
  /** Entries of one directory that are wanted and not yet looked at. */
  private pending: string[] = [];
  private counted = 0;
  private last = '';
  private hasMore = false;

  /** @throws GatewayError INVALID_ARGUMENT naming the pattern or the token */
  constructor(
    private readonly query: FileQuery,
    private readonly describe: Describe,
  ) {
    const { patterns, excludePatterns, pageToken } = query;
    this.after = fromPageToken(pageToken) ?? '';
    this.isWanted = patterns.length === 0 ? () => true : compileGlobs('patterns', patterns);
    this.isExcluded = compileGlobs('exclude_patterns', excludePatterns);
  }

  async of(directory: ConfinedDirectory): Promise<FilePage> {
    await this.walk(directory, '', 0);
    return { files: this.files, nextPageToken: this.hasMore ? toPageToken(this.last) : '' };
  }

  private async walk(directory: ConfinedDirectory, prefix: string, depth: number): Promise<void> {
    for (const key of await keysOf(directory)) {
      const path = prefix + key;
      if (key.endsWith('/')) {
        const isBefore = path < this.after && !this.after.startsWith(path);
        if (!this.query.recursive || isBefore || depth === MAX_DEPTH || this.isExcluded(path.slice(0, -1))) continue;
        await this.flush(directory, prefix);
        await this.descend(directory, key.slice(0, -1), path, depth);
      } else if (path > this.after && this.isWanted(path) && !this.isExcluded(path)) {
        this.hasMore = this.counted === this.query.pageSize;
        if (!this.hasMore) await this.add(directory, prefix, key);
      }
      if (this.hasMore) break;
    }
    await this.flush(directory, prefix);
  }

  private async descend(directory: ConfinedDirectory, name: string, prefix: string, depth: number): Promise<void> {
    const child = await directory.child(name).catch((error: unknown) => {
      // Gone, exchanged for something else, or not ours to read.
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES'].includes(codeOf(error))) return undefined;
      throw error;
    });
    if (child === undefined) return;
    try {
      await this.walk(child, prefix, depth + 1);
    } finally {
      await child.close();
    }
  }

  private async add(directory: ConfinedDirectory, prefix: string, name: string): Promise<void> {
    this.counted += 1;
    this.last = prefix + name;
    this.pending.push(name);
    if (this.pending.length === STATS_AT_ONCE) await this.flush(directory, prefix);
  }

  /** What has gone meanwhile is left out: a page may be shorter than its size. */
  private async flush(directory: ConfinedDirectory, prefix: string): Promise<void> {
    const names = this.pending;
    this.pending = [];
    const described = await Promise.all(names.map((name) => this.describe(directory, name, prefix + name)));
    this.files.push(...described.filter((info) => info !== undefined));
  }
}

/** Sorted as paths are: each entry by its name, and the contents of a directory where `name/` stands. */
async function keysOf(directory: ConfinedDirectory): Promise<string[]> {
  const keys: string[] = [];
  for (const entry of await readdir(directory.self, { withFileTypes: true })) {
    if (entry.isDirectory()) keys.push(entry.name, `${entry.name}/`);
    else if ((entry.isFile() || entry.isSymbolicLink()) && !isTemporaryName(entry.name)) keys.push(entry.name);
  }
  return keys.sort();
}
