import type { MessageInfo } from './message.model.js';

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

  /**
   * Takes in a user message; undefined for what is known already or an earlier turn's.
   *
   * A `later` one OpenCode made inside the turn, or somebody to begin the next: who knows that it is the former adds it.
   */
  observe({ id, createdAtMs }: MessageInfo): 'own' | 'later' | undefined {
    if (id === this.turnId) {
      this.begin(createdAtMs);
      return 'own';
    }
    const isLater = this.begunAtMs !== undefined && createdAtMs >= this.begunAtMs;
    return isLater && !this.ids.has(id) ? 'later' : undefined;
  }

  /** The same for who hears of this turn alone, until its end: a later one is then OpenCode's own. */
  observeWithin(question: MessageInfo): void {
    if (this.observe(question) === 'later') this.add(question.id);
  }

  /** Whether an assistant message is the turn's. */
  areAnsweredBy({ parentId }: MessageInfo): boolean {
    return parentId !== undefined && this.ids.has(parentId);
  }
}
