import { isGitPath, parseDirectoryPath, parsePath } from './file-path.js';

describe('a path', () => {
  it.each([['a'], ['a/b/c.txt'], ['..a/b..'], ['...'], ['a\\..\\b'], ['%2e%2e/%2f'], ['ü/ü'], [' '], ['-rf'], ['x'.repeat(255)]])(
    '%.40s is taken as it is',
    (path) => {
      expect(parsePath(path).join('/')).toBe(path);
    },
  );

  it.each([
    [''],
    ['/'],
    ['/etc'],
    ['.'],
    ['..'],
    ['a/..'],
    ['a/./b'],
    ['a//b'],
    ['a/'],
    ['a\0b'],
    ['\ud800'],
    ['x'.repeat(256)],
    ['ü'.repeat(128)],
    ['a/'.repeat(2_048) + 'b'],
  ])('%.40j is refused by the name of its field', (path) => {
    expect(() => parsePath(path)).toThrow(/^path: /);
  });

  it('of a directory may be empty or a dot', () => {
    expect(parseDirectoryPath('')).toEqual([]);
    expect(parseDirectoryPath('.')).toEqual([]);
    expect(() => parseDirectoryPath('..')).toThrow(/^path: /);
  });

  it.each([
    ['.git', true],
    ['a/.GIT/b', true],
    ['.gitignore', false],
    ['a.git', false],
  ])("%s is git's: %s", (path, expected) => {
    expect(isGitPath(parsePath(path))).toBe(expected);
  });
});
