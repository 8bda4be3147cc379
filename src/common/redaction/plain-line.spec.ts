import { plainLine } from './plain-line.js';

describe('plainLine', () => {
  it.each(['Session not found: ses_x', 'Expected string, got 1/2', "the model's name is a/b"])('lets "%s" through', (line) => {
    expect(plainLine(`${line}\n  at ["parts"]`)).toBe(line);
  });

  it.each([
    ['a statement', 'Failed query: insert into "part" values (?)'],
    ['another statement', 'near: SELECT data FROM part'],
    ['a page', '<!DOCTYPE html>'],
    ['a stack', '  at run (file.ts:1:1)'],
    ['an address', 'cannot reach http://10.0.0.1:4000/v1'],
    ['a path of the host', "ENOENT: no such file '/home/someone/x'"],
    ['a speech', 'x'.repeat(301)],
    ['nothing', ''],
    ['no text', undefined],
  ])('keeps %s back', (_, text) => {
    expect(plainLine(text)).toBeUndefined();
  });
});
