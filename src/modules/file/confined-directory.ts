import { constants, type BigIntStats } from 'node:fs';
import { lstat, mkdir, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { codeOf, gitIsRefused, leadsOutside } from './file-errors.js';
import { isGitPath } from './file-path.js';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
/** A link is resolved as a whole, so a second one is met only where somebody exchanges links while we walk. */
const MAX_LINKS = 8;

/**
 * A directory held open, so that it stays the same one whatever happens to its path.
 *
 * Node has no openat(2); on Linux a name below /proc/self/fd/<descriptor>/ is the same thing.
 */
export class ConfinedDirectory {
  private constructor(
    private readonly handle: FileHandle,
    /** Where it is, below the root. */
    readonly names: readonly string[],
  ) {}

  static async open(path: string, names: readonly string[]): Promise<ConfinedDirectory> {
    return new ConfinedDirectory(await open(path, O_RDONLY | O_DIRECTORY), names);
  }

  /** The path by which its own listing is read. */
  get self(): string {
    return `/proc/self/fd/${this.handle.fd}`;
  }

  /** The same for another process, as long as this one holds it. */
  get shared(): string {
    return `/proc/${process.pid}/fd/${this.handle.fd}`;
  }

  at(name: string): string {
    return `${this.self}/${name}`;
  }

  /** @throws ENOTDIR or ELOOP for a symbolic link */
  async child(name: string): Promise<ConfinedDirectory> {
    return new ConfinedDirectory(await open(this.at(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), [...this.names, name]);
  }

  /** Of the name itself, not of what a link leads to; undefined when there is none. */
  async stats(name: string): Promise<BigIntStats | undefined> {
    try {
      return await lstat(this.at(name), { bigint: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Makes what was renamed in it last. */
  sync(): Promise<void> {
    return this.handle.sync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** A name in a directory that is held open. */
export interface Place {
  readonly parent: ConfinedDirectory;
  readonly name: string;
  /** Undefined: there is nothing of that name. Never those of a link, unless links are not followed. */
  readonly stats: BigIntStats | undefined;
}

export interface Purpose {
  /** Refuses git's own files. */
  readonly writes?: boolean;
  readonly createDirs?: boolean;
  /** Takes a link at the end of the path for what it leads to. */
  readonly followsLink?: boolean;
}

/**
 * Everything below one directory and nothing else, also when symbolic links are exchanged while it looks.
 *
 * It goes down name by name, each opened inside the one before and never through a link. A link is read instead, and
 * when its real target lies inside, the walk begins anew with that target's names.
 */
export class Confinement {
  /** `base`: names of the directory that paths are relative to, below `root`. */
  constructor(
    private readonly root: string,
    private readonly base: readonly string[],
  ) {}

  /** Runs `use` with the directory, held open meanwhile. */
  async inDirectory<T>(names: readonly string[], use: (directory: ConfinedDirectory) => Promise<T>): Promise<T> {
    const directory = await this.walk(names, {});
    try {
      return await use(directory);
    } finally {
      await directory.close();
    }
  }

  /** Runs `use` with the place the names lead to, its directory held open meanwhile. */
  async atPlace<T>(names: readonly string[], purpose: Purpose, use: (place: Place) => Promise<T>): Promise<T> {
    const place = await this.findPlace(names, purpose);
    try {
      return await use(place);
    } finally {
      await place.parent.close();
    }
  }

  private async findPlace(names: readonly string[], purpose: Purpose): Promise<Place> {
    let wanted = names;
    for (let links = 0; links < MAX_LINKS; links += 1) {
      if (purpose.writes === true && isGitPath([...this.base, ...wanted])) throw gitIsRefused();
      const name = wanted.at(-1) ?? '';
      const parent = await this.walk(wanted.slice(0, -1), purpose);
      try {
        // The walk may have gone through links: what counts is where it arrived.
        if (purpose.writes === true && isGitPath(parent.names)) throw gitIsRefused();
        const stats = await parent.stats(name);
        if (purpose.followsLink !== true || stats?.isSymbolicLink() !== true) return { parent, name, stats };
        wanted = await this.targetOf(parent, name);
        if (wanted.length === 0) throw leadsOutside();
      } catch (error) {
        await parent.close();
        throw error;
      }
      await parent.close();
    }
    throw leadsOutside();
  }

  private async walk(names: readonly string[], purpose: Purpose): Promise<ConfinedDirectory> {
    let directory = await this.openBase();
    let rest = names;
    let links = 0;
    for (;;) {
      const [name, ...below] = rest;
      if (name === undefined) return directory;
      const parent = directory;
      try {
        directory = await this.enter(parent, name, purpose);
        rest = below;
      } catch (error) {
        const target = links < MAX_LINKS ? await this.linkTarget(parent, name, error) : undefined;
        if (target === undefined) throw error;
        links += 1;
        directory = await this.openBase();
        rest = [...target, ...below];
      } finally {
        await parent.close();
      }
    }
  }

  private async enter(parent: ConfinedDirectory, name: string, { createDirs, writes }: Purpose): Promise<ConfinedDirectory> {
    try {
      return await parent.child(name);
    } catch (error) {
      if (createDirs !== true || codeOf(error) !== 'ENOENT') throw error;
      if (writes === true && isGitPath(parent.names)) throw gitIsRefused();
    }
    await mkdir(parent.at(name)).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    return parent.child(name);
  }

  /** Names of a link's target below the base; undefined when what could not be entered is no link. */
  private async linkTarget(parent: ConfinedDirectory, name: string, error: unknown): Promise<string[] | undefined> {
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ELOOP') return undefined;
    const stats = await parent.stats(name);
    return stats?.isSymbolicLink() === true ? this.targetOf(parent, name) : undefined;
  }

  /** @throws GatewayError PERMISSION_DENIED for a link that leads outside, or nowhere */
  private async targetOf(parent: ConfinedDirectory, name: string): Promise<string[]> {
    const base = await this.openBase();
    try {
      const [inside, target] = await Promise.all([readlink(base.self), realpath(parent.at(name)).catch(() => undefined)]);
      if (target === undefined || (target !== inside && !target.startsWith(inside === sep ? sep : inside + sep))) throw leadsOutside();
      return target === inside ? [] : relative(inside, target).split(sep);
    } finally {
      await base.close();
    }
  }

  private async openBase(): Promise<ConfinedDirectory> {
    let directory = await ConfinedDirectory.open(this.root, []);
    for (const name of this.base) {
      const parent = directory;
      try {
        directory = await parent.child(name);
      } finally {
        await parent.close();
      }
    }
    return directory;
  }
}
