import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileQuery, OpenFile } from './file.model.js';
import { LocalTree } from './local-tree.js';

const ANY = { createDirs: false, ifMatch: '', mustCreate: false };
const ALL: FileQuery = { path: '', recursive: true, patterns: [], excludePatterns: [], pageSize: 1_000, pageToken: '' };

describe('the local files of a directory', () => {
  let outside: string;
  let root: string;
  let tree: LocalTree;

  beforeEach(async () => {
    outside = await realpath(await mkdtemp(join(tmpdir(), 'files-')));
    root = join(outside, 'root');
    await mkdir(join(root, 'inner'), { recursive: true });
    await writeFile(join(outside, 'secret'), 'secret');
    tree = treeAt();
  });

  afterEach(() => rm(outside, { recursive: true, force: true }));

  function treeAt(base: readonly string[] = [], searchPath = process.env['PATH']): LocalTree {
    return new LocalTree({ root, base, maxFileBytes: 1_000, searchPath });
  }

  async function textOf(path: string): Promise<string> {
    const file: OpenFile = await tree.open(path);
    try {
      return (await file.read(0, file.info.sizeBytes)).toString();
    } finally {
      await file.close();
    }
  }

  async function pathsOf(query: Partial<FileQuery> = {}): Promise<string[]> {
    return (await tree.list({ ...ALL, ...query })).files.map(({ path }) => path);
  }

  it.each(['read', 'write', 'delete', 'list'])('never leave it while a directory is exchanged for a link outside: %s', async (call) => {
    await writeFile(join(root, 'inner/secret'), 'inside');
    await symlink(outside, join(root, 'link'));
    const calls = { read: () => textOf('inner/secret'), write: () => tree.write('inner/secret', Buffer.from('inside'), ANY) };
    const run = {
      ...calls,
      delete: () => tree.delete('inner/secret', '').then(() => calls.write()),
      list: async () => (await tree.list({ ...ALL, path: 'inner' })).files.map(({ sizeBytes }) => sizeBytes),
    }[call];
    let exchanging = true;
    const exchange = (async () => {
      while (exchanging) {
        await rename(join(root, 'inner'), join(root, 'aside'));
        await rename(join(root, 'link'), join(root, 'inner'));
        await rename(join(root, 'inner'), join(root, 'link'));
        await rename(join(root, 'aside'), join(root, 'inner'));
      }
    })();
    const results = [];
    for (let round = 0; round < 300; round += 1) results.push(await run?.().catch((error: unknown) => (error as { code: string }).code));
    exchanging = false;
    await exchange;

    expect(results.filter((result) => result === 'secret' || result === 'INTERNAL')).toEqual([]);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect((await readdir(outside)).sort()).toEqual(['root', 'secret']);
  });

  it('are those of its own directory: a link to the workspace around it leads outside', async () => {
    await writeFile(join(root, 'neighbour'), 'theirs');
    await symlink('../neighbour', join(root, 'inner/up'));

    await expect(treeAt(['inner']).open('up')).rejects.toMatchObject({ code: 'PERMISSION_DENIED', reason: 'LINK_LEADS_OUTSIDE' });
    expect(await textOf('inner/up')).toBe('theirs');
  });

  it("are not written below git's own folder, whatever the directory is called from", async () => {
    await mkdir(join(root, '.git/hooks'), { recursive: true });

    await expect(treeAt(['.git']).write('hooks/x', Buffer.alloc(0), ANY)).rejects.toMatchObject({ reason: 'GIT_IS_PROTECTED' });
    expect(await readdir(join(root, '.git/hooks'))).toEqual([]);
  });

  it('answer a link that leads outside and one that leads nowhere alike', async () => {
    await symlink(join(outside, 'secret'), join(root, 'there'));
    await symlink(join(outside, 'missing'), join(root, 'missing'));
    await symlink('loop', join(root, 'loop'));

    const errors = await Promise.all(['there', 'missing', 'loop'].map((path) => tree.open(path).catch((error: unknown) => String(error))));

    expect(new Set(errors).size).toBe(1);
    await expect(tree.write('there', Buffer.from('x'), ANY)).rejects.toMatchObject({ reason: 'LINK_LEADS_OUTSIDE' });
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  it('are regular files alone: pipes, sockets and devices are neither opened nor listed nor replaced', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const server = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));

    for (const path of ['pipe', 'socket', 'inner']) {
      await expect(tree.open(path)).rejects.toMatchObject({ reason: 'NOT_A_FILE' });
      await expect(tree.write(path, Buffer.alloc(0), ANY)).rejects.toMatchObject({ reason: 'NOT_A_FILE' });
    }
    await expect(tree.delete('pipe', '')).rejects.toMatchObject({ reason: 'NOT_A_FILE' });
    expect(await pathsOf()).toEqual(['inner']);
    server.close();
  });

  it('are written whole: nobody sees a half, permissions stay, and a failure leaves no trace', async () => {
    await writeFile(join(root, 'file'), 'old');
    await chmod(join(root, 'file'), 0o640);
    await link(join(root, 'file'), join(root, 'twin'));
    const seen: string[] = [];
    const slowly = (async function* () {
      yield Buffer.from('ne');
      seen.push(await readFile(join(root, 'file'), 'utf8'), ...(await pathsOf()));
      yield Buffer.from('w');
    })();

    await tree.write('file', slowly, ANY);
    const broken = (async function* () {
      yield Buffer.from('half');
      throw new Error('gone');
    })();
    const tooMuch = tree.write('file', Buffer.alloc(1_001), ANY);

    await expect(tooMuch).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'FILE_TOO_LARGE' });
    await expect(tree.write('file', broken, ANY)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(seen).toEqual(['old', 'file', 'inner', 'twin']);
    expect([await textOf('file'), await textOf('twin')]).toEqual(['new', 'old']);
    expect((await stat(join(root, 'file'))).mode & 0o777).toBe(0o640);
    expect((await readdir(root)).sort()).toEqual(['file', 'inner', 'twin']);
  });

  it('let one of many writers of the same version win, and one of many makers', async () => {
    const { etag } = await tree.write('file', Buffer.from('0'), ANY);
    const contents = Array.from({ length: 20 }, (_, index) => Buffer.from(String(index)));

    const writers = await Promise.allSettled(contents.map((content) => tree.write('file', content, { ...ANY, ifMatch: `"${etag}"` })));
    const makers = await Promise.allSettled(contents.map((content) => tree.write('new', content, { ...ANY, mustCreate: true })));

    for (const results of [writers, makers]) expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await readdir(root)).sort()).toEqual(['file', 'inner', 'new']);
  });

  it('have another etag after every write, also of the same size, and keep it while they are read', async () => {
    const etags = [];
    for (let round = 0; round < 20; round += 1) etags.push((await tree.write('file', Buffer.from('same'), ANY)).etag);
    await textOf('file');

    expect(new Set(etags).size).toBe(20);
    expect((await tree.list(ALL)).files[0]?.etag).toBe(etags.at(-1));
  });

  it('break a stream off when they turn out shorter than promised', async () => {
    await writeFile(join(root, 'file'), Buffer.alloc(900));
    const file = await tree.open('file');
    await writeFile(join(root, 'file'), 'short');

    const reading = file.stream(0, file.info.sizeBytes).toArray();

    await expect(reading).rejects.toMatchObject({ code: 'ABORTED', reason: 'FILE_CHANGED' });
  });

  it('are listed by pages that together are everything once, in order, whatever the size of a page', async () => {
    for (const path of ['a/b/c', 'a/b-c', 'a-b', 'a/b', 'b', 'b!', 'inner/x']) {
      if (path === 'a/b') continue;
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), '');
    }
    const everything = await pathsOf();
    for (let pageSize = 1; pageSize <= everything.length; pageSize += 1) {
      const paths: string[] = [];
      let pageToken = '';
      do {
        const page = await tree.list({ ...ALL, pageSize, pageToken });
        paths.push(...page.files.map(({ path }) => path));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');

      expect(paths).toEqual(everything);
    }
    expect(everything).toEqual([...everything].sort());
  });

  it('go on behind a position whose file is gone', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(root, name), '');
    const { nextPageToken } = await tree.list({ ...ALL, pageSize: 2 });
    await unlink(join(root, 'b'));

    expect(await pathsOf({ pageToken: nextPageToken })).toEqual(['c', 'inner']);
  });

  it('are searched with ripgrep, and say when it is not there', async () => {
    await writeFile(join(root, 'inner/a.txt'), 'one\ntwo\n');

    await expect(treeAt([], outside).search('two', 10)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'RIPGREP_MISSING' });
  });
});
