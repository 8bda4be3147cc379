import type { ModelRef } from '../session/session.model.js';
import type { FileAttachment } from './prompt.model.js';

/** A command to run; nothing of it checked yet. */
export interface CommandInvocation {
  readonly sessionId: string;
  readonly command: string;
  readonly arguments: string;
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  readonly requestId: string;
  /** The caller's own id of the message; the request's id too. */
  readonly messageId?: string | undefined;
  readonly variant?: string | undefined;
  readonly files?: readonly FileAttachment[] | undefined;
}

/** A line for a shell in the session's directory; nothing of it checked yet. */
export interface ShellInvocation {
  readonly sessionId: string;
  readonly command: string;
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  readonly requestId: string;
}
