import type { MessageFailure } from '../message/message.model.js';
import type { ToolPart } from '../message/message.model.js';
import type { Permission, PermissionReply } from '../permission/permission.model.js';
import type { Question } from '../question/question.model.js';

/** Where a task stands. `input_required` is interrupted, the last four are terminal. */
export type TaskState = 'submitted' | 'working' | 'input_required' | TerminalState;
export type TerminalState = 'completed' | 'failed' | 'canceled' | 'rejected';

export function isTerminal(state: TaskState): state is TerminalState {
  return state === 'completed' || state === 'failed' || state === 'canceled' || state === 'rejected';
}

/** A task is a turn of a session: both ids stand in its own, so that every replica finds it. */
export interface TaskRef {
  readonly id: string;
  readonly sessionId: string;
  /** Id of the user message that began it. */
  readonly turnId: string;
}

/** What a task waits for; of one of its sub-agents too. */
export type Ask =
  | { readonly type: 'permission'; readonly id: string; readonly permission: Permission }
  | { readonly type: 'question'; readonly id: string; readonly question: Question };

/** How an ask was closed. */
export interface Resolution {
  readonly askId: string;
  readonly type: Ask['type'];
  readonly outcome: PermissionReply | 'replied' | 'rejected';
}

/** What answered the turn cost. USD and tokens. */
export interface TaskUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly cost: number;
}

/** A strand of a task's output: a text, a thought, or a tool at work; one of OpenCode's parts. */
export type Lane = TextLane | ToolLane;

export interface TextLane {
  readonly kind: 'text' | 'reasoning';
  readonly id: string;
  readonly messageId: string;
  readonly text: string;
}

export interface ToolLane {
  readonly kind: 'tool';
  readonly id: string;
  readonly messageId: string;
  readonly part: ToolPart;
}

/** A task at one moment. */
export interface TaskView extends TaskRef {
  readonly contextId: string;
  readonly state: TaskState;
  /** Unix ms of the state. */
  readonly changedAtMs: number;
  /** Ascends with every change that this gateway saw. */
  readonly sequence: number;
  readonly asks: readonly Ask[];
  readonly failure: MessageFailure | undefined;
  /** In the order in which they began. */
  readonly lanes: readonly Lane[];
  readonly usage: TaskUsage | undefined;
  readonly sessionTitle: string;
  /** What the caller sent, as far as it is known. */
  readonly prompt: string | undefined;
}

interface Told {
  /** Position in the task's life at this gateway, from 1. */
  readonly sequence: number;
  readonly atMs: number;
}

/** Something that happened in a task. Neighbouring `text` events of one lane may be told as one. */
export type TaskEvent = Told &
  (
    | { readonly type: 'status'; readonly state: TaskState; readonly ask?: Ask; readonly resolution?: Resolution }
    | {
        readonly type: 'text';
        readonly lane: Pick<TextLane, 'kind' | 'id' | 'messageId'>;
        readonly delta: string;
        readonly isFirst: boolean;
      }
    /** The text so far was wrong, and is this. */
    | { readonly type: 'rewrite'; readonly lane: TextLane }
    | { readonly type: 'tool'; readonly lane: ToolLane; readonly isFirst: boolean }
  );
