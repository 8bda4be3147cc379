import type { MessageInfo } from './message.model.js';

/** Where a user message stands to a turn. */
export type QuestionPlace = 'own' | 'known' | 'earlier' | 'later';

/**
 * The user messages whose answers are one turn's: its own, and those that OpenCode makes inside it, to compact or to go on.
 *
 * Messages of earlier turns are told late, and once more after a resync; they are older.
 */
export class TurnQuestions {
  private readonly ids: Set<string>;
  /** By OpenCode's clock; undefined until its own message was seen. */
  private begunAtMs: number | undefined;

  /** @param turnId - the turn's own message */
  constructor(private readonly turnId: string) {
    this.ids = new Set([turnId]);
  }

  begin(createdAtMs: number): void {
    this.begunAtMs ??= createdAtMs;
  }

  add(...ids: readonly string[]): void {
    for (const id of ids) this.ids.add(id);
  }

  /** A `later` one OpenCode made inside the turn, or somebody to begin the next: who knows that it is the former adds it. */
  placeOf({ id, createdAtMs }: MessageInfo): QuestionPlace {
    if (id === this.turnId) {
      this.begin(createdAtMs);
      return 'own';
    }
    if (this.ids.has(id)) return 'known';
    return this.begunAtMs !== undefined && createdAtMs >= this.begunAtMs ? 'later' : 'earlier';
  }

  /** Whether an assistant message is the turn's. */
  areAnsweredBy({ parentId }: MessageInfo): boolean {
    return parentId !== undefined && this.ids.has(parentId);
  }
}
