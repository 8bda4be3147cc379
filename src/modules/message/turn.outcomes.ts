import type { TurnUpdate } from '../event/event.model.js';

/** Sessions whose last outcome is remembered. */
const MAX_OUTCOMES = 1_000;

/** How the last turn of each session ended, for the sessions that ended one most recently. */
export class TurnOutcomes {
  private readonly bySession = new Map<string, TurnUpdate>();

  get(sessionId: string): TurnUpdate | undefined {
    return this.bySession.get(sessionId);
  }

  remember(sessionId: string, outcome: TurnUpdate): void {
    this.bySession.delete(sessionId);
    this.bySession.set(sessionId, outcome);
    const [oldest] = this.bySession.keys();
    if (oldest !== undefined && this.bySession.size > MAX_OUTCOMES) this.bySession.delete(oldest);
  }
}
