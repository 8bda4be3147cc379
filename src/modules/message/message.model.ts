import type { ModelRef } from '../session/session.model.js';

/** An error as callers may see it. */
export interface MessageFailure {
  readonly name: string;
  readonly message: string;
  /** HTTP status with which the provider answered, where it was the provider who failed. */
  readonly status?: number;
}

export interface MessageTokens {
  readonly input: number;
  readonly output: number;
  readonly reasoning: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

/** A message without its parts. Times are Unix milliseconds. */
export interface MessageInfo {
  readonly id: string;
  readonly sessionId: string;
  readonly role: 'user' | 'assistant';
  readonly agent: string | undefined;
  readonly model: ModelRef | undefined;
  /** The user message it answers. */
  readonly parentId: string | undefined;
  readonly tokens: MessageTokens | undefined;
  /** USD. */
  readonly cost: number | undefined;
  /** Why the model stopped: stop, length, tool-calls, content-filter, unknown; undefined while it works. */
  readonly finish: string | undefined;
  readonly failure: MessageFailure | undefined;
  /** True for the summary that a compaction writes inside a turn. */
  readonly isSummary: boolean;
  readonly createdAtMs: number;
  readonly completedAtMs: number | undefined;
}

interface PartBase {
  readonly id: string;
  readonly messageId: string;
  readonly sessionId: string;
}

export interface TextPart extends PartBase {
  readonly type: 'text' | 'reasoning';
  /** All of it so far. */
  readonly text: string;
  /** False while it still grows. */
  readonly ended: boolean;
}

export interface ToolPart extends PartBase {
  readonly type: 'tool';
  readonly callId: string;
  readonly tool: string;
  /** What it did, in OpenCode's words; with a success. */
  readonly title: string | undefined;
  readonly status: 'pending' | 'running' | 'success' | 'error' | 'cancelled';
  readonly input: unknown;
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
}

export interface FilePart extends PartBase {
  readonly type: 'file';
  readonly mime: string;
  readonly filename: string | undefined;
}

/** A piece of a message that callers see. */
export type Part = TextPart | ToolPart | FilePart;

/**
 * What a user message stands for: somebody's prompt or shell line, the order to sum up the history, where OpenCode wrote it
 * itself the going on of a turn, or a note that nobody is to answer.
 */
export type MessagePurpose = 'prompt' | 'shell' | 'summary' | 'continuation' | 'note';

export interface Message {
  readonly info: MessageInfo;
  readonly parts: readonly Part[];
  /** Of user messages. */
  readonly purpose?: MessagePurpose | undefined;
}

export interface MessagePage {
  /** Ascending. */
  readonly messages: readonly Message[];
  readonly nextPageToken: string;
}
