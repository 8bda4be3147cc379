import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from '../config/config.js';
import { Workspace } from './workspace.js';

let base: string;
let root: string;

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'workspace-')));
  root = join(base, 'root');
  for (const folder of ['root/inner/deep', 'root-too', 'outside/private']) mkdirSync(join(base, folder), { recursive: true });
  writeFileSync(join(root, 'file.txt'), '');
  symlinkSync(join(base, 'outside'), join(root, 'way-out'));
  symlinkSync(join(root, 'inner'), join(root, 'way-in'));
  symlinkSync(join(root, 'nowhere'), join(root, 'broken'));
  symlinkSync(root, join(base, 'link-to-root'));
});

afterAll(() => {
  rmSync(base, { recursive: true });
});

describe('Workspace on the gateway’s own disk', () => {
  it('has the real path of its directory as its root', () => {
    expect(Workspace.atLocal(join(base, 'link-to-root')).root).toBe(root);
  });

  it.each(['missing', 'root/file.txt'])('does not open at %s', (path) => {
    expect(() => Workspace.atLocal(join(base, path))).toThrow(StartError);
  });

  it.each([
    ['the root itself', '.', ''],
    ['a directory inside', 'inner/deep', 'inner/deep'],
    ['a path with dots that stays inside', 'inner/../inner', 'inner'],
    ['a link that leads inside', 'way-in/deep', 'inner/deep'],
    ['an empty path', '', ''],
  ])('resolves %s', (_, path, expected) => {
    expect(Workspace.atLocal(root).resolveDirectory(path)).toBe(join(root, expected));
  });

  it('resolves an absolute path inside', () => {
    expect(Workspace.atLocal(root).resolveDirectory(join(root, 'way-in'))).toBe(join(root, 'inner'));
  });

  it('resolves an absolute path over a link to its root', () => {
    expect(Workspace.atLocal(root).resolveDirectory(join(base, 'link-to-root', 'inner'))).toBe(join(root, 'inner'));
  });

  it.each([
    ['the directory above', '..'],
    ['a directory whose name begins alike', '../root-too'],
    ['a link that leads outside', 'way-out'],
    ['a directory behind a link that leads outside', 'way-out/private'],
    ['the whole disk', '/'],
    ['a directory of the host', '/etc'],
    ['a path outside that does not exist', '/nowhere/at/all'],
  ])('refuses %s as outside', (_, path) => {
    expect(() => Workspace.atLocal(root).resolveDirectory(path)).toThrow('directory: is outside the workspace');
  });

  it.each([
    ['a directory that is missing', 'missing'],
    ['a file', 'file.txt'],
    ['a link that leads nowhere', 'broken'],
    ['a path with a NUL', 'inner\0'],
  ])('refuses %s as no directory', (_, path) => {
    expect(() => Workspace.atLocal(root).resolveDirectory(path)).toThrow('directory: is not a directory of the workspace');
  });

  it('tells nothing of a file outside that it does not tell of a missing one', () => {
    const workspace = Workspace.atLocal(root);
    const answers = ['/etc/hostname', '/etc/missing'].map((path) => {
      try {
        return workspace.resolveDirectory(path);
      } catch (error) {
        return String(error);
      }
    });

    expect(answers[0]).toBe(answers[1]);
  });

  it('shows a path from its root on', () => {
    expect(Workspace.atLocal(root).relativePath(join(root, 'inner/a.ts'))).toBe('inner/a.ts');
  });
});

describe('Workspace of a remote OpenCode', () => {
  const remote = Workspace.atRemote('/srv/work');

  it.each([
    ['/srv/work', '/srv/work'],
    ['a/b', '/srv/work/a/b'],
    ['/srv/work/a/../b', '/srv/work/b'],
  ])('resolves %s as text', (path, expected) => {
    expect(remote.resolveDirectory(path)).toBe(expected);
  });

  it.each(['..', '/srv/work-too', '/srv/work/../other', '/'])('refuses %s as outside', (path) => {
    expect(() => remote.resolveDirectory(path)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });

  it.each([
    ['/srv/work', true],
    ['/srv/work/a', true],
    ['/srv/work-too', false],
    ['/srv', false],
  ])('knows whether it contains %s', (path, contained) => {
    expect(remote.contains(path)).toBe(contained);
  });

  it('contains everything when its root is the whole disk', () => {
    expect(Workspace.atRemote('/').contains('/anything')).toBe(true);
  });

  it.each(['a/b.ts', '/elsewhere/b.ts'])('leaves %s as it is', (path) => {
    expect(remote.relativePath(path)).toBe(path);
  });
});
