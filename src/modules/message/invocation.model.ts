import type { ModelRef } from '../session/session.model.js';

/** A command to run; nothing of it checked yet. */
export interface CommandInvocation {
  readonly sessionId: string;
  readonly command: string;
  readonly arguments: string;
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  readonly requestId: string;
}

/** A line for a shell in the session's directory; nothing of it checked yet. */
export interface ShellInvocation {
  readonly sessionId: string;
  readonly command: string;
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  readonly requestId: string;
}
