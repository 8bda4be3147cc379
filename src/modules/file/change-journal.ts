import { randomBytes } from 'node:crypto';
import type { FileChange, Manifest, SeenFile } from './file-changes.model.js';

interface Step {
  readonly number: number;
  /** What changed files were before; undefined: not there. */
  readonly before: ReadonlyMap<string, SeenFile | undefined>;
  readonly atMs: number;
}

/** How much is remembered. */
export interface JournalBounds {
  readonly maxSteps: number;
  /** Changed files over all steps. */
  readonly maxChanges: number;
  /** Characters of old contents over all steps. */
  readonly maxContent: number;
}

/**
 * The present files and, step by step, what changed ones were before: any remembered version can be compared with now.
 *
 * Only the present is held whole, so many versions cost little more than one.
 */
export class ChangeJournal {
  /** Versions of another journal, before a restart, are told by it. */
  private readonly id = randomBytes(6).toString('hex');
  private steps: Step[] = [];
  private number = 0;

  /** `present`: the files of the first version. */
  constructor(
    public present: Manifest,
    private readonly bounds: JournalBounds,
  ) {}

  get version(): string {
    return `${this.id}-${this.number}`;
  }

  /** Makes other files the present ones. The version stays when none differs. */
  advance(present: Manifest, atMs: number): void {
    const before = new Map<string, SeenFile | undefined>();
    for (const [path, file] of present) {
      const old = this.present.get(path);
      if (old?.etag !== file.etag) before.set(path, old);
    }
    for (const [path, old] of this.present) if (!present.has(path)) before.set(path, old);
    this.present = present;
    if (before.size === 0) return;
    this.number += 1;
    this.steps.push({ number: this.number, before, atMs });
    this.forget();
  }

  /** Changes since a version, in the order of their paths; undefined when it is not known, or no longer. */
  since(version: string): FileChange[] | undefined {
    const [id, digits = ''] = version.split('-');
    const number = Number(digits);
    const oldest = this.number - this.steps.length;
    if (id !== this.id || !/^\d+$/.test(digits) || number < oldest || number > this.number) return undefined;
    const before = new Map<string, { readonly old: SeenFile | undefined; readonly atMs: number }>();
    for (const step of this.steps.filter((later) => later.number > number)) {
      // What it was at the version is what the first step after it says.
      for (const [path, old] of step.before) before.set(path, { old: before.has(path) ? before.get(path)?.old : old, atMs: step.atMs });
    }
    return [...before]
      .flatMap(([path, { old, atMs }]) => toChange(path, old, this.present.get(path), atMs) ?? [])
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  private forget(): void {
    const { maxSteps, maxChanges, maxContent } = this.bounds;
    while (this.steps.length > maxSteps || (this.steps.length > 0 && sizeOf(this.steps) > maxChanges) || contentOf(this.steps) > maxContent)
      this.steps.shift();
  }
}

function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { before }) => sum + before.size, 0);
}

function contentOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { before }) => sum + [...before.values()].reduce((all, file) => all + (file?.content?.length ?? 0), 0), 0);
}

/** Nothing for a file that came and went, or is what it was. */
function toChange(path: string, old: SeenFile | undefined, now: SeenFile | undefined, atMs: number): FileChange | undefined {
  if (old === undefined && now === undefined) return undefined;
  if (old !== undefined && now !== undefined && old.content !== undefined && old.content === now.content) return undefined;
  return {
    path,
    type: old === undefined ? 'created' : now === undefined ? 'deleted' : 'modified',
    oldContent: old?.content,
    newContent: now?.content,
    atMs: now?.modifiedAtMs ?? atMs,
    contentOmitted: (old !== undefined && old.content === undefined) || (now !== undefined && now.content === undefined),
  };
}
