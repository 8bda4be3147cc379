import type { ModelRef } from '../session/session.model.js';

export type PromptPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'file'; readonly mime: string; readonly filename: string | undefined; readonly url: string };

/** What a caller wants to send; nothing of it checked yet. */
export interface Prompt {
  readonly sessionId: string;
  readonly parts: readonly PromptPart[];
  readonly model: ModelRef | undefined;
  readonly agent: string | undefined;
  readonly system: string | undefined;
  /** One of the model's variants. */
  readonly variant?: string | undefined;
  /** Empty: each send is a turn of its own. */
  readonly requestId: string;
}
