import type { Session } from '../session/session.model.js';
import type { Turn } from './turn.js';
import type { TurnKind } from './turn.verdict.js';

/** Something a session can be made to do, checked and ready: what a turn carries out. */
export interface TurnTask {
  readonly session: Session;
  /** Empty: each request is a turn of its own. */
  readonly requestId: string;
  /** Of the message that begins the turn, where the caller chose it; one request has one. */
  readonly messageId?: string | undefined;
  /** What the caller sent, to tell a repeated request from another. */
  readonly fingerprint: unknown;
  readonly kind: TurnKind;
  /** Whether somebody ended the turn elsewhere while it waited in line. */
  isCalledOff?(turnId: string): Promise<boolean>;
  /**
   * Gives it to OpenCode; resolves once OpenCode has it. After UNAVAILABLE or DEADLINE_EXCEEDED OpenCode may have it all
   * the same. `again`: OpenCode stored its message before and did nothing about it.
   */
  hand(turn: Turn, again: boolean): Promise<void>;
}
