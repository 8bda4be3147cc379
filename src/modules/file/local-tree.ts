import { rmdir, unlink } from 'node:fs/promises';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { Confinement, type ConfinedDirectory, type Place } from './confined-directory.js';
import { notAFile, toFileError } from './file-errors.js';
import { checkConditions, etagOf, toFileInfo } from './file-info.js';
import { FileListing } from './file-listing.js';
import { parseDirectoryPath, parsePath } from './file-path.js';
import { writeFileAt } from './file-writing.js';
import type { FileContent, FileInfo, FilePage, FileQuery, FileTree, OpenFile, TextMatches, WriteOptions } from './file.model.js';
import { LocalFile } from './local-file.js';
import { searchWithRipgrep } from './ripgrep.js';

/** Writers of the same place take turns, whichever tree they come through. */
const writers = new KeyedLock();

export interface LocalTreeOptions {
  readonly root: string;
  /** Names of the tree's directory below the root. */
  readonly base: readonly string[];
  readonly maxFileBytes: number;
  /** PATH on which ripgrep is found. */
  readonly searchPath: string | undefined;
}

/** Files of a directory that the gateway shares with OpenCode. */
export class LocalTree implements FileTree {
  private readonly confinement: Confinement;

  constructor(private readonly options: LocalTreeOptions) {
    this.confinement = new Confinement(options.root, options.base);
  }

  list(query: FileQuery): Promise<FilePage> {
    return inWordsOf(query.path, async () => {
      const names = parseDirectoryPath(query.path);
      const prefix = names.map((name) => `${name}/`).join('');
      const describe = (directory: ConfinedDirectory, name: string, path: string): Promise<FileInfo | undefined> =>
        this.describe(directory, name, prefix + path);
      const listing = new FileListing(query, describe);
      return this.confinement.inDirectory(names, (directory) => listing.of(directory));
    });
  }

  open(path: string): Promise<OpenFile> {
    return inWordsOf(path, () =>
      this.confinement.atPlace(parsePath(path), { followsLink: true }, ({ parent, name, stats }) => {
        if (stats === undefined) throw GatewayError.notFound('file', path);
        return LocalFile.open(path, parent.at(name), stats);
      }),
    );
  }

  write(path: string, content: FileContent, options: WriteOptions): Promise<FileInfo> {
    const purpose = { writes: true, followsLink: true, createDirs: options.createDirs };
    return inWordsOf(path, () =>
      this.confinement.atPlace(parsePath(path), purpose, (place) => {
        if (place.stats?.isFile() === false) throw notAFile(path);
        return writeFileAt(place, { path, content, options, maxBytes: this.options.maxFileBytes }, (task) => this.inTurn(place, task));
      }),
    );
  }

  delete(path: string, ifMatch: string): Promise<void> {
    return inWordsOf(path, () =>
      this.confinement.atPlace(parsePath(path), { writes: true }, (place) => this.inTurn(place, () => remove(path, place, ifMatch))),
    );
  }

  search(pattern: string, limit: number): Promise<TextMatches> {
    return inWordsOf('', () =>
      this.confinement.inDirectory([], (directory) =>
        searchWithRipgrep({ directory: directory.shared, pattern, limit, path: this.options.searchPath }),
      ),
    );
  }

  private inTurn<T>({ parent, name }: Place, task: () => Promise<T>): Promise<T> {
    return writers.run([this.options.root, ...parent.names, name].join('/'), task);
  }

  /** A link stands for what it leads to inside; one that leads outside or nowhere is not listed. Neither is gone into. */
  private async describe(directory: ConfinedDirectory, name: string, path: string): Promise<FileInfo | undefined> {
    const stats = await directory.stats(name);
    if (stats?.isSymbolicLink() === true) return this.describeLink(path);
    return stats?.isFile() === true || stats?.isDirectory() === true ? toFileInfo(path, stats) : undefined;
  }

  private async describeLink(path: string): Promise<FileInfo | undefined> {
    try {
      return await this.confinement.atPlace(parsePath(path), { followsLink: true }, async ({ stats }) =>
        stats?.isFile() === true || stats?.isDirectory() === true ? toFileInfo(path, stats) : undefined,
      );
    } catch {
      return undefined;
    }
  }
}

async function remove(path: string, { parent, name }: Place, ifMatch: string): Promise<void> {
  const stats = await parent.stats(name);
  if (stats === undefined) throw GatewayError.notFound('file', path);
  checkConditions(path, etagOf(stats), { ifMatch, mustCreate: false });
  if (stats.isDirectory()) await rmdir(parent.at(name));
  else if (stats.isFile() || stats.isSymbolicLink()) await unlink(parent.at(name));
  else throw notAFile(path);
}

async function inWordsOf<T>(path: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw toFileError(path, error);
  }
}
