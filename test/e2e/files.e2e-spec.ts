import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileService } from '../../src/common/grpc/generated/file_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { FileChangeType, OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import type { Door } from '../support/door.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const rpc = FileService.method;
const workspaceRpc = OpenCodeService.method;
const MAX_REQUEST_BYTES = 1_000_000;

/** OpenCode looks for new files when it is asked, and answers with those of the time before. */
async function untilSome<T>(list: () => Promise<readonly T[]>): Promise<readonly T[]> {
  for (;;) {
    const found = await list();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('files', () => {
  let test: TestGateway;
  let made = 0;
  let project: string;
  let directory = '/nowhere';
  let sessionId: string;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { MAX_REQUEST_BYTES: String(MAX_REQUEST_BYTES) } });
  });

  afterAll(() => test.stop());

  describe.each(['gRPC', 'REST'])('over %s', (name) => {
    let door: Door;

    beforeEach(async () => {
      door = name === 'gRPC' ? test.grpc : test.rest;
      await rm(directory, { recursive: true, force: true });
      project = `project${(made += 1)}`;
      directory = join(test.opencode.workspace, project);
      await mkdir(directory);
      sessionId = (await door.call(SessionService.method.createSession, { title: 'files', directory })).id;
    });

    it('gives back exactly the bytes that were written, whatever they are', async () => {
      const data = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);

      const written = await door.call(rpc.writeFile, { sessionId, path: 'deep/er/data.bin', data, createDirs: true });
      const read = await door.call(rpc.readFile, { sessionId, path: 'deep/er/data.bin' });

      expect(Buffer.from(read.data).equals(Buffer.from(data))).toBe(true);
      expect(read.fileInfo).toEqual(written);
      expect(written).toMatchObject({ path: 'deep/er/data.bin', size: 1_000n, mimeType: 'application/octet-stream', isDirectory: false });
      expect(await readFile(join(directory, 'deep/er/data.bin'))).toEqual(Buffer.from(data));
    });

    it('reads a part, and nothing beyond the end', async () => {
      await writeFile(join(directory, 'letters'), 'abcdefgh');

      const parts = await Promise.all(
        [{ offset: 2n, length: 3n }, { offset: 6n, length: 100n }, { offset: 5n }, { offset: 50n, length: 1n }].map((range) =>
          door.call(rpc.readFile, { sessionId, path: 'letters', ...range }),
        ),
      );

      expect(parts.map(({ data }) => Buffer.from(data).toString())).toEqual(['cde', 'gh', 'fgh', '']);
      expect(parts.map(({ fileInfo }) => fileInfo?.size)).toEqual([8n, 8n, 8n, 8n]);
    });

    it('lets of two writers who know the same version only one win', async () => {
      const first = await door.call(rpc.writeFile, { sessionId, path: 'a.txt', data: Buffer.from('1') });
      await door.call(rpc.writeFile, { sessionId, path: 'a.txt', data: Buffer.from('2'), ifMatch: first.etag });

      const late = door.call(rpc.writeFile, { sessionId, path: 'a.txt', data: Buffer.from('3'), ifMatch: first.etag });

      await expect(late).rejects.toMatchObject({ code: 9, reason: 'ETAG_MISMATCH' });
      await expect(door.call(rpc.deleteFile, { sessionId, path: 'a.txt', ifMatch: first.etag })).rejects.toMatchObject({ code: 9 });
      expect(await readFile(join(directory, 'a.txt'), 'utf8')).toBe('2');
    });

    it.each([
      ['a path that climbs', { path: '../README.md' }, 3, ['path']],
      ['a path that climbs in the middle', { path: 'a/../../README.md' }, 3, ['path']],
      ['an absolute path', { path: '/etc/hostname' }, 3, ['path']],
      ['an empty path', { path: '' }, 3, ['path']],
      ['an empty component', { path: 'a//b' }, 3, ['path']],
      ['NUL', { path: 'a\0b' }, 3, ['path']],
      ['a name that is too long', { path: 'x'.repeat(256) }, 3, ['path']],
      ['a link that leads outside', { path: 'way-out/hostname' }, 7, []],
      ['a link that leads nowhere', { path: 'nowhere' }, 7, []],
      ['a missing file', { path: 'missing/file' }, 5, []],
      ['a directory', { path: 'inner' }, 9, []],
      ['a negative offset', { path: 'inner', offset: -1n }, 3, ['offset']],
    ])('does not read %s', async (_, request, code, fields) => {
      await mkdir(join(directory, 'inner'));
      await symlink('/etc', join(directory, 'way-out'));
      await symlink('/nowhere/at/all', join(directory, 'nowhere'));

      const call = door.call(rpc.readFile, { sessionId, ...request });

      await expect(call).rejects.toMatchObject({ code, fields });
      await expect(call).rejects.not.toThrow(test.opencode.workspace);
    });

    it("does not write or delete git's files, nor what is already there with must_create", async () => {
      const write = (path: string, more = {}) => door.call(rpc.writeFile, { sessionId, path, createDirs: true, ...more });
      await mkdir(join(directory, '.git'));
      await symlink('.git', join(directory, 'disguise'));
      await write('there');

      await expect(write('.git/hooks/post-checkout')).rejects.toMatchObject({ code: 7, reason: 'GIT_IS_PROTECTED' });
      await expect(write('disguise/config')).rejects.toMatchObject({ code: 7, reason: 'GIT_IS_PROTECTED' });
      await expect(door.call(rpc.deleteFile, { sessionId, path: '.git' })).rejects.toMatchObject({ code: 7 });
      await expect(write('there', { mustCreate: true })).rejects.toMatchObject({ code: 6, reason: 'FILE_EXISTS' });
      await expect(door.call(rpc.writeFile, { sessionId, path: 'no/dirs' })).rejects.toMatchObject({ code: 5 });
    });

    it('deletes files, links and empty directories', async () => {
      await mkdir(join(directory, 'full'));
      await writeFile(join(directory, 'full/file'), '');
      await symlink('/etc', join(directory, 'link'));
      const remove = (path: string) => door.call(rpc.deleteFile, { sessionId, path });

      await expect(remove('full')).rejects.toMatchObject({ code: 9, reason: 'DIRECTORY_NOT_EMPTY' });
      for (const path of ['full/file', 'full', 'link']) await remove(path);

      await expect(remove('link')).rejects.toMatchObject({ code: 5 });
      expect((await door.call(rpc.listFiles, { sessionId })).files).toEqual([]);
    });

    it('lists in the order of paths, by pages that stay right while files come and go', async () => {
      await mkdir(join(directory, 'a/b'), { recursive: true });
      for (const path of ['a-b.ts', 'a/b/c.ts', 'a/x.md', 'z.ts', '.hidden']) await writeFile(join(directory, path), path);
      const list = (pageToken = '') => door.call(rpc.listFiles, { sessionId, recursive: true, pageSize: 3, pageToken });

      const first = await list();
      await rm(join(directory, 'a/b'), { recursive: true });
      await writeFile(join(directory, 'a/y.md'), '');
      await writeFile(join(directory, '-before'), '');
      const second = await list(first.nextPageToken);

      expect(first.files.map(({ path }) => path)).toEqual(['.hidden', 'a', 'a-b.ts']);
      expect(second.files.map(({ path }) => path)).toEqual(['a/x.md', 'a/y.md', 'z.ts']);
      expect(second.nextPageToken).toBe('');
      expect(first.files[1]).toMatchObject({ isDirectory: true, size: 0n, etag: '', mimeType: '' });
      expect(first.files[2]).toMatchObject({ isDirectory: false, size: 6n, mimeType: 'text/typescript' });
    });

    it('lists what patterns name and excludes do not, below the path', async () => {
      await mkdir(join(directory, 'src/node_modules'), { recursive: true });
      for (const path of ['src/a.ts', 'src/a.spec.ts', 'src/node_modules/b.ts', 'c.ts', 'src/d.md'])
        await writeFile(join(directory, path), '');

      const { files } = await door.call(rpc.listFiles, {
        sessionId,
        path: 'src',
        recursive: true,
        patterns: ['**/*.ts'],
        excludePatterns: ['node_modules', '*.spec.*'],
      });

      expect(files.map(({ path }) => path)).toEqual(['src/a.ts']);
      await expect(door.call(rpc.listFiles, { sessionId, path: 'c.ts' })).rejects.toMatchObject({ code: 9, reason: 'NOT_A_DIRECTORY' });
      await expect(door.call(rpc.listFiles, { sessionId, patterns: [''] })).rejects.toMatchObject({ fields: ['patterns[0]'] });
      await expect(door.call(rpc.listFiles, { sessionId, pageToken: 'x' })).rejects.toMatchObject({ fields: ['page_token'] });
    });

    it('lists links that stay inside as what they lead to, and no others', async () => {
      await mkdir(join(directory, 'real'));
      await writeFile(join(directory, 'real/file.txt'), 'text');
      await symlink('real', join(directory, 'directory-link'));
      await symlink('real/file.txt', join(directory, 'file-link.txt'));
      await symlink('/etc/hostname', join(directory, 'way-out'));

      const { files } = await door.call(rpc.listFiles, { sessionId, recursive: true });

      expect(files.map(({ path }) => path)).toEqual(['directory-link', 'file-link.txt', 'real', 'real/file.txt']);
      expect(files[1]).toMatchObject({ size: 4n, isDirectory: false });
      expect(Buffer.from((await door.call(rpc.readFile, { sessionId, path: 'directory-link/file.txt' })).data).toString()).toBe('text');
    });

    it('does not put into a message what is larger than one', async () => {
      await writeFile(join(directory, 'large'), Buffer.alloc(MAX_REQUEST_BYTES + 1));

      const part = await door.call(rpc.readFile, { sessionId, path: 'large', offset: 1_000_000n, length: 10n });

      await expect(door.call(rpc.readFile, { sessionId, path: 'large' })).rejects.toMatchObject({ code: 9, reason: 'MESSAGE_TOO_LARGE' });
      expect(part.data).toHaveLength(1);
    });

    it('finds files by letters and lines by expressions', async () => {
      await mkdir(join(directory, 'sub'));
      for (let file = 0; file < 30; file += 1) await writeFile(join(directory, `sub/needle${file}.txt`), 'first\nneedle here\r\n');

      const paths = await untilSome(async () => (await door.call(rpc.findFiles, { sessionId, query: 'needle7', limit: 5 })).paths);
      const some = await door.call(rpc.searchText, { sessionId, pattern: 'ne+dle', limit: 12 });
      const all = await door.call(rpc.searchText, { sessionId, pattern: 'ne+dle' });

      expect(paths).toContain('sub/needle7.txt');
      expect(some.matches).toHaveLength(12);
      expect(some.truncated).toBe(true);
      expect(all.matches).toHaveLength(30);
      expect(all.matches[0]).toMatchObject({ path: 'sub/needle0.txt', lineNumber: 2, line: 'needle here' });
      expect(all.truncated).toBe(false);
      await expect(door.call(rpc.searchText, { sessionId, pattern: '(' })).rejects.toMatchObject({ code: 3, fields: ['pattern'] });
      await expect(door.call(rpc.searchText, { sessionId, pattern: '' })).rejects.toMatchObject({ code: 3, fields: ['pattern'] });
    });

    it('knows the session', async () => {
      await expect(door.call(rpc.listFiles, { sessionId: 'ses_missing' })).rejects.toMatchObject({ code: 5 });
      await expect(door.call(rpc.listFiles, { sessionId: 'none' })).rejects.toMatchObject({ code: 3, fields: ['session_id'] });
    });

    it("serves the container's own workspace: text as content, the rest as data", async () => {
      const text = '\uFEFFgrüße\r\n\n ';
      await door.call(workspaceRpc.writeFile, { path: `${project}/text.txt`, content: text });
      await door.call(workspaceRpc.writeFile, { path: `${project}/raw.bin`, data: Uint8Array.of(0xff, 0xfe) });

      const asText = await door.call(workspaceRpc.readFile, { path: `${project}/text.txt` });
      const asBytes = await door.call(workspaceRpc.readFile, { path: `${project}/raw.bin` });
      const { files } = await door.call(workspaceRpc.listFiles, { recursive: true, excludePatterns: ['.git'] });

      expect(asText).toMatchObject({ content: text, data: new Uint8Array() });
      expect(asBytes).toMatchObject({ content: '', data: Uint8Array.of(0xff, 0xfe) });
      expect(files.map(({ path }) => path)).toEqual(['README.md', project, `${project}/raw.bin`, `${project}/text.txt`]);
      await expect(door.call(workspaceRpc.writeFile, { path: 'x', content: 'a', data: Uint8Array.of(1) })).rejects.toMatchObject({
        code: 3,
        fields: ['data'],
      });
      await door.call(workspaceRpc.deleteFile, { path: `${project}/raw.bin` });
      await expect(door.call(workspaceRpc.readFile, { path: `${project}/raw.bin` })).rejects.toMatchObject({ code: 5 });
    });

    it('tells what changed since a version, with the contents before and after', async () => {
      for (const [path, text] of Object.entries({ kept: 'same', changed: 'old', gone: 'bye' }))
        await writeFile(join(directory, path), text);
      const start = await door.call(workspaceRpc.getFileChanges, {});
      await writeFile(join(directory, 'changed'), 'new');
      const middle = await door.call(workspaceRpc.getFileChanges, { sinceVersion: start.currentVersion });
      await rm(join(directory, 'gone'));
      await writeFile(join(directory, 'added'), Uint8Array.of(0xff));

      const { changes, currentVersion } = await door.call(workspaceRpc.getFileChanges, { sinceVersion: start.currentVersion });
      const since = await door.call(workspaceRpc.getFileChanges, { sinceVersion: middle.currentVersion });
      const nothing = await door.call(workspaceRpc.getFileChanges, { sinceVersion: currentVersion });

      expect(start.changes).toEqual([]);
      expect(changes).toMatchObject([
        { path: `${project}/added`, type: FileChangeType.CREATED, contentOmitted: true },
        { path: `${project}/changed`, type: FileChangeType.MODIFIED, oldContent: 'old', newContent: 'new', contentOmitted: false },
        { path: `${project}/gone`, type: FileChangeType.DELETED, oldContent: 'bye', newContent: '', contentOmitted: false },
      ]);
      expect(since.changes.map(({ path }) => path)).toEqual([`${project}/added`, `${project}/gone`]);
      expect(nothing).toMatchObject({ changes: [], currentVersion });
      await expect(door.call(workspaceRpc.getFileChanges, { sinceVersion: 'another-1' })).rejects.toMatchObject({
        code: 9,
        reason: 'VERSION_UNKNOWN',
      });
    });
  });
});
