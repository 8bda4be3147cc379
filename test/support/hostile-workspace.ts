import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from './random.js';

/** What stands outside and must neither be read nor changed. */
export const SECRET = 'must not be seen';

const NAMES = [
  'a',
  'b',
  'dir',
  'swap',
  'link-out',
  'link-in',
  'dangling',
  'loop',
  'pipe',
  'socket',
  'null',
  'device',
  'secret',
  'file',
  '.git',
  '.GIT',
];
const HOSTILE = [
  '..',
  '.',
  '',
  '%2e%2e',
  '..%2f',
  '..\\',
  '\\..',
  '...',
  '..;',
  '\0',
  'a\0',
  '\ud800',
  '-rf',
  '*',
  '\u202e',
  'ﬀ',
  'e\u0301',
];
/** Made once; a call that could remove them would have opened them. */
const KEPT: ReadonlySet<string> = new Set(['pipe', 'socket', 'device']);
const ABSOLUTE = ['/etc/hostname', '/dev/null', '/proc/self/environ', '//etc', '~', 'file:///etc/passwd', 'C:\\x'];

/** A workspace with everything in it that is not a plain file, in a folder with a secret. */
export class HostileWorkspace {
  private exchanging = false;
  private exchange: Promise<void> = Promise.resolve();
  private readonly server = createServer();

  private constructor(
    readonly outside: string,
    readonly root: string,
  ) {}

  static async create(): Promise<HostileWorkspace> {
    const outside = await realpath(await mkdtemp(join(tmpdir(), 'hostile-')));
    const workspace = new HostileWorkspace(outside, join(outside, 'root'));
    await mkdir(workspace.root);
    await Promise.all(['secret', 'file'].map((name) => writeFile(join(outside, name), SECRET)));
    execFileSync('mkfifo', [join(workspace.root, 'pipe')]);
    makeDevice(join(workspace.root, 'device'));
    workspace.server.listen(join(workspace.root, 'socket'));
    await new Promise((resolve) => workspace.server.once('listening', resolve));
    await workspace.refill();
    return workspace;
  }

  /** Exchanges a directory for a link to the outside, again and again, until the end. */
  startExchanging(): void {
    const { root } = this;
    this.exchanging = true;
    this.exchange = (async () => {
      while (this.exchanging) {
        await rename(join(root, 'swap'), join(root, 'aside')).catch(() => undefined);
        await rename(join(root, 'swap-link'), join(root, 'swap')).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
        await rename(join(root, 'swap'), join(root, 'swap-link')).catch(() => undefined);
        await rename(join(root, 'aside'), join(root, 'swap')).catch(() => undefined);
      }
    })();
  }

  /** Everything outside the root, as it is now. */
  async outsideNow(): Promise<Record<string, string>> {
    const names = (await readdir(this.outside)).filter((name) => name !== 'root').sort();
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(this.outside, name), 'utf8')])));
  }

  async stopExchanging(): Promise<void> {
    this.exchanging = false;
    await this.exchange;
  }

  async remove(): Promise<void> {
    await this.stopExchanging();
    this.server.close();
    await rm(this.outside, { recursive: true, force: true });
  }

  /** Removes what callers made and makes again what they deleted. */
  async refill(): Promise<void> {
    const { root, outside } = this;
    const made = (await readdir(root)).filter((name) => !KEPT.has(name));
    await Promise.all(made.map((name) => rm(join(root, name), { recursive: true, force: true })));
    await mkdir(join(root, 'dir/deep'), { recursive: true });
    await Promise.all(['swap', '.git'].map((name) => mkdir(join(root, name), { recursive: true })));
    for (const path of ['file', 'dir/file', 'swap/file', 'swap/secret', '.git/config']) await writeFile(join(root, path), 'inside');
    await symlink(outside, join(root, 'link-out'));
    await symlink(outside, join(root, 'swap-link'));
    await symlink('dir', join(root, 'link-in'));
    await symlink(join(outside, 'missing'), join(root, 'dangling'));
    await symlink('loop', join(root, 'loop'));
    await symlink('/dev/null', join(root, 'null'));
  }
}

/** A path that somebody might try. */
export function hostilePath(random: Random): string {
  if (random.below(20) === 0) return random.pick(ABSOLUTE);
  if (random.below(50) === 0) return random.pick(['x', 'ü', '/', 'a/', '../']).repeat(1 + random.below(4_200));
  const names = Array.from({ length: 1 + random.below(4) }, () => {
    if (random.below(4) === 0) return random.pick(HOSTILE);
    if (random.below(30) === 0) return random.bytes(1 + random.below(300)).toString('latin1');
    return random.pick(NAMES);
  });
  return names.join('/');
}

/** One that never ends: /dev/zero under another name. */
function makeDevice(path: string): void {
  try {
    execFileSync('mknod', [path, 'c', '1', '5'], { stdio: 'pipe' });
  } catch (error) {
    console.warn(`Without a device among the hostile files: ${String(error)}`);
  }
}
