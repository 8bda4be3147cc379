import type { Message } from '../message/message.model.js';
import type { ModelRef } from '../session/session.model.js';

/** Counts over the container's session. Times are Unix milliseconds. */
export interface SessionStats {
  readonly totalMessages: number;
  readonly userMessages: number;
  readonly assistantMessages: number;
  /** Tool calls: OpenCode keeps them inside assistant messages. */
  readonly toolMessages: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** USD. */
  readonly totalCost: number;
  readonly lastActivityMs: number;
  readonly modelsUsed: readonly string[];
  readonly currentModel: string;
}

export interface AgentState {
  readonly status: 'idle' | 'processing' | 'waiting' | 'error';
  /** What the agent does, in a word or two; empty when idle. */
  readonly operation: string;
  readonly startedAtMs: number | undefined;
  readonly model: ModelRef | undefined;
}

export interface HistoryQuery {
  readonly role: 'user' | 'assistant' | undefined;
  readonly limit: number;
  readonly offset: number;
  readonly cursor: string;
}

export interface HistoryPage {
  readonly messages: readonly Message[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly nextCursor: string;
}

/** A change of one message, with the message whole. */
export type MessageChange =
  { readonly type: 'created' | 'updated'; readonly message: Message } | { readonly type: 'deleted'; readonly messageId: string };
