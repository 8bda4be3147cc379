import { compileGlobs } from './glob.js';

describe('a glob', () => {
  it.each([
    ['*.ts', 'a.ts', true],
    ['*.ts', 'src/deep/a.ts', true],
    ['*.ts', 'a.tsx', false],
    ['src/*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/deep/a.ts', false],
    ['src/*.ts', 'other/src/a.ts', false],
    ['src/**', 'src/deep/a.ts', true],
    ['src/**/*.ts', 'src/a.ts', true],
    ['**/test/**/*.ts', 'a/test/b/c.ts', true],
    ['**/test/**/*.ts', 'a/tests/b/c.ts', false],
    ['**', '.git/config', true],
    ['*', '.hidden', true],
    ['?.md', 'ä.md', true],
    ['?.md', '😀.md', true],
    ['?.md', 'ab.md', false],
    ['[a-c]?', 'bz', true],
    ['[!a-c]?', 'bz', false],
    ['[]]', ']', true],
    ['[a', '[a', true],
    ['*.{ts,md}', 'a.md', true],
    ['{a,b{c,d}}', 'bd', true],
    ['{a}', '{a}', true],
    ['{,a}b', 'b', true],
    ['\\*', '*', true],
    ['\\*', 'a', false],
    ['a.c', 'abc', false],
    ['node_modules', 'src/node_modules', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(compileGlobs('patterns', [pattern])(path)).toBe(expected);
  });

  it('matches when one of several does, and none when there is none', () => {
    expect(compileGlobs('patterns', ['*.a', '*.b'])('x.b')).toBe(true);
    expect(compileGlobs('patterns', [])('x.b')).toBe(false);
  });

  it.each([
    ['', 'empty'],
    ['x'.repeat(1_001), '1000'],
    ['{a,b}'.repeat(7), 'alternatives'],
  ])('%.20s is refused', (pattern, words) => {
    expect(() => compileGlobs('patterns', ['*', pattern])).toThrow(words);
    expect(() => compileGlobs('patterns', ['*', pattern])).toThrow('patterns[1]');
  });

  it('that is hostile ends: a backtracking matcher would need longer than the test may take', () => {
    const matches = compileGlobs('patterns', [`${'*a'.repeat(100)}*b`, `${'**/a/'.repeat(100)}b`]);

    expect(matches('a'.repeat(255))).toBe(false);
    expect(matches(Array(1_000).fill('a').join('/'))).toBe(false);
  });
});
