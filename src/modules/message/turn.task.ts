import type { Session } from '../session/session.model.js';
import type { Judge, Turn } from './turn.js';

/** Something a session can be made to do, checked and ready: what a turn carries out. */
export interface TurnTask {
  readonly session: Session;
  /** Empty: each request is a turn of its own. */
  readonly requestId: string;
  /** What the caller sent, to tell a repeated request from another. */
  readonly fingerprint: unknown;
  readonly judge: Judge;
  /** Gives it to OpenCode; resolves once OpenCode has it, and rejects when it never had. */
  hand(turn: Turn): Promise<void>;
}
