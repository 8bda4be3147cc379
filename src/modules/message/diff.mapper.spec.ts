import type { FileDiff } from '../session/session.model.js';
import { mergeDiffs } from './diff.mapper.js';

function diff(path: string, status: string, patch: string): FileDiff {
  return { path, status, additions: 2, deletions: 1, patch };
}

describe('mergeDiffs', () => {
  it('has one entry a file, its patches in order and its lines counted together', () => {
    const merged = mergeDiffs([diff('a', 'modified', '1'), diff('b', 'added', 'x'), diff('a', 'modified', '2')]);

    expect(merged).toEqual([
      { path: 'a', status: 'modified', additions: 4, deletions: 2, patch: '12' },
      { path: 'b', status: 'added', additions: 2, deletions: 1, patch: 'x' },
    ]);
  });

  it.each([
    ['added', 'modified', 'added'],
    ['modified', 'deleted', 'deleted'],
    ['deleted', 'added', 'added'],
  ])('calls a file that was %s and then %s %s', (first, second, status) => {
    expect(mergeDiffs([diff('a', first, ''), diff('a', second, '')])[0]?.status).toBe(status);
  });
});
