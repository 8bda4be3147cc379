import type { ModelRef } from '../session/session.model.js';

export interface FileAttachment {
  readonly type: 'file';
  readonly mime: string;
  readonly filename: string | undefined;
  readonly url: string;
}

export type PromptPart = { readonly type: 'text'; readonly text: string } | FileAttachment;

/** Work for a sub-agent. */
export type DelegationPart =
  /** Tells the model to have a sub-agent do it. */
  | { readonly type: 'agent'; readonly name: string }
  /** Has a sub-agent do it, without asking the model. */
  | {
      readonly type: 'subtask';
      readonly prompt: string;
      readonly description: string;
      readonly agent: string;
      readonly model: ModelRef | undefined;
      readonly command: string | undefined;
    };

/** What can stand in a prompt. */
export type PromptInput = PromptPart | DelegationPart;

/** What few callers say of a prompt. */
export interface PromptExtras {
  /** OpenCode keeps them for every later prompt of the session; true lets a tool run unasked. */
  readonly tools?: Readonly<Record<string, boolean>>;
}

/** What a caller wants to send; nothing of it checked yet. */
export interface Prompt {
  readonly sessionId: string;
  readonly parts: readonly PromptInput[];
  readonly model: ModelRef | undefined;
  readonly agent: string | undefined;
  readonly system: string | undefined;
  /** One of the model's variants. */
  readonly variant?: string | undefined;
  /** Empty: each send is a turn of its own. */
  readonly requestId: string;
  /** The caller's own id of the message; the request's id too. */
  readonly messageId?: string | undefined;
  readonly extras?: PromptExtras | undefined;
  /** Whether somebody ended its turn elsewhere meanwhile; asked once a turn that waited may begin. */
  readonly isCalledOff?: ((turnId: string) => Promise<boolean>) | undefined;
}
