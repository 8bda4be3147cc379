import type { GatewayEvent } from '../event/event.model.js';
import type { MessageInfo } from './message.model.js';

/** What begins an answer: its first words, thoughts, or call of a tool. */
const OUTPUT: ReadonlySet<string> = new Set(['text', 'reasoning', 'tool']);

/** Who is told what came of a turn. */
export interface TurnListener {
  /** The model began to answer, so long after OpenCode got the turn. */
  onFirstOutput(tookMs: number): void;
  /** An answer is complete: once for each, those of sub-agents and summaries too. */
  onAnswer(message: MessageInfo): void;
}

/** Watches a turn that this gateway gave to OpenCode, from then to its end. */
export class TurnMeter {
  private readonly answerIds = new Set<string>();
  private readonly completeIds = new Set<string>();
  private hasOutput = false;
  /** By OpenCode's clock; undefined until the turn's own message was told. */
  private begunAtMs: number | undefined;

  constructor(
    private readonly turn: { readonly id: string; readonly sessionId: string },
    private readonly startedAtMs: number,
    private readonly listener: TurnListener,
  ) {}

  /** Takes in an event of the session or of one of its sub-agents. After a break of the connection some come twice. */
  observe(event: GatewayEvent, nowMs: number): void {
    if (event.type === 'message_updated') this.observeMessage(event.message);
    else if (event.type === 'part_updated' && !this.hasOutput) {
      const { messageId, type } = event.part;
      if (!this.answerIds.has(messageId) || !OUTPUT.has(type)) return;
      this.hasOutput = true;
      this.listener.onFirstOutput(nowMs - this.startedAtMs);
    }
  }

  private observeMessage(message: MessageInfo): void {
    const { id, sessionId, role, createdAtMs, completedAtMs } = message;
    if (id === this.turn.id) this.begunAtMs = createdAtMs;
    // Messages of earlier turns may be told late.
    if (role === 'user' || createdAtMs < (this.begunAtMs ?? 0)) return;
    if (sessionId === this.turn.sessionId) this.answerIds.add(id);
    if (completedAtMs === undefined || this.completeIds.has(id)) return;
    this.completeIds.add(id);
    this.listener.onAnswer(message);
  }
}
