import { ChangeJournal, type JournalBounds } from './change-journal.js';
import type { Manifest } from './file-changes.model.js';

const BOUNDS: JournalBounds = { maxSteps: 3, maxChanges: 100, maxContent: 100 };

/** Files whose content is also their etag; `?` is one that is not told. */
function files(contents: Readonly<Record<string, string>>): Manifest {
  return new Map(
    Object.entries(contents).map(([path, text]) => [
      path,
      { etag: text, modifiedAtMs: 1, content: text.startsWith('?') ? undefined : text },
    ]),
  );
}

function summary(journal: ChangeJournal, version: string): string[] | undefined {
  return journal.since(version)?.map(({ path, type, oldContent, newContent }) => `${path} ${type} ${oldContent}→${newContent}`);
}

describe('a journal of changes', () => {
  it('keeps its version while nothing changes', () => {
    const journal = new ChangeJournal(files({ a: '1' }), BOUNDS);
    const { version } = journal;

    journal.advance(files({ a: '1' }), 2);

    expect(journal.version).toBe(version);
    expect(journal.since(version)).toEqual([]);
  });

  it('compares any version with now, over all steps between', () => {
    const journal = new ChangeJournal(files({ a: '1', b: '1', c: '1' }), BOUNDS);
    const first = journal.version;
    journal.advance(files({ a: '2', b: '1', d: '1' }), 2);
    const second = journal.version;
    journal.advance(files({ a: '3', b: '1', d: '1', e: '1' }), 3);

    expect(summary(journal, first)).toEqual(['a modified 1→3', 'c deleted 1→undefined', 'd created undefined→1', 'e created undefined→1']);
    expect(summary(journal, second)).toEqual(['a modified 2→3', 'e created undefined→1']);
  });

  it('says nothing of what came and went, or is again what it was', () => {
    const journal = new ChangeJournal(files({ a: '1' }), BOUNDS);
    const first = journal.version;
    journal.advance(files({ a: '2', b: '1' }), 2);
    journal.advance(files({ a: '1' }), 3);

    expect(journal.since(first)).toEqual([]);
  });

  it('says so when a content is not told', () => {
    const journal = new ChangeJournal(files({ a: '?1' }), BOUNDS);
    const first = journal.version;
    journal.advance(files({ a: '2' }), 2);

    expect(journal.since(first)).toMatchObject([{ path: 'a', type: 'modified', contentOmitted: true }]);
  });

  it.each([
    ['steps', BOUNDS, 4],
    ['changes', { ...BOUNDS, maxSteps: 100, maxChanges: 3 }, 4],
    ['contents', { ...BOUNDS, maxSteps: 100, maxContent: 3 }, 4],
  ])('forgets the oldest version when there are too many %s', (_, bounds, steps) => {
    const journal = new ChangeJournal(files({ a: '0' }), bounds);
    const versions = [journal.version];
    for (let step = 1; step <= steps; step += 1) {
      journal.advance(files({ a: String(step) }), step);
      versions.push(journal.version);
    }

    expect(versions.map((version) => journal.since(version) === undefined)).toEqual([true, false, false, false, false]);
  });

  it.each(['', 'x', 'x-0', '-', '0'])('does not know the version %j', (version) => {
    expect(new ChangeJournal(files({}), BOUNDS).since(version)).toBeUndefined();
  });

  it('does not know a version to come', () => {
    const journal = new ChangeJournal(files({}), BOUNDS);

    expect(journal.since(journal.version.replace(/\d+$/, '1'))).toBeUndefined();
  });
});
