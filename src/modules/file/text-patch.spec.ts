import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toTextPatch } from './text-patch.js';

/** What git makes of a patch in an otherwise empty directory; undefined: no file. */
function apply(path: string, before: string | undefined, after: string | undefined): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'text-patch-'));
  try {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    if (before !== undefined) writeFileSync(file, before);
    execFileSync('git', ['apply', '-'], { cwd: directory, input: toTextPatch(path, before, after), stdio: ['pipe', 'ignore', 'ignore'] });
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const texts = [
  '',
  '\n',
  'one',
  'one\n',
  'one\ntwo',
  'one\r\ntwo \r\n',
  '\n\n',
  '\uFEFFgrüße\t\n',
  '-dash\n+plus\n\\ back\n@@ -1 +1 @@\n',
  'diff --git a b\n',
];

describe('toTextPatch', () => {
  it.each(texts)('makes a file of %j, and deletes it', (text) => {
    expect(apply('a.txt', undefined, text)).toBe(text);
    expect(apply('a.txt', text, undefined)).toBeUndefined();
  });

  it.each(texts.flatMap((before) => texts.filter((after) => after !== before).map((after) => [before, after] as const)))(
    'makes of %j %j',
    (before, after) => {
      expect(apply('a.txt', before, after)).toBe(after);
    },
  );

  it.each(['with space.txt', 'ü/日本.txt', 'quo"te.txt', 'back\\slash.txt', 'tab\there', 'line\nbreak', 'a/b/c', 'x\u0301'])(
    'knows the name %j',
    (path) => {
      expect(apply(path, undefined, 'text\n')).toBe('text\n');
    },
  );

  it('does not fit what has changed since', () => {
    const directory = mkdtempSync(join(tmpdir(), 'text-patch-'));
    writeFileSync(join(directory, 'a.txt'), 'something else\n');
    const patch = toTextPatch('a.txt', 'old\n', 'new\n');

    expect(() => execFileSync('git', ['apply', '-'], { cwd: directory, input: patch, stdio: ['pipe', 'ignore', 'ignore'] })).toThrow();
    rmSync(directory, { recursive: true });
  });
});
