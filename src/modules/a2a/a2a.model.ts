import type { MessageFailure, ToolPart } from '../message/message.model.js';
import type { PromptPart } from '../message/prompt.model.js';
import type { SessionUsage } from '../session/session.model.js';
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
  /** Of the newest event in it. */
  readonly sequence: number;
  /** Of the newest change of state in it. */
  readonly statusSequence: number;
  readonly asks: readonly Ask[];
  readonly failure: MessageFailure | undefined;
  /** In the order in which they began. */
  readonly lanes: readonly Lane[];
  readonly usage: SessionUsage | undefined;
  readonly sessionTitle: string;
  /** Of the session. */
  readonly directory: string;
  /** What its caller said, the prompt first and then what was answered to asks. */
  readonly said: readonly Said[];
  /** A text was told otherwise than it became. */
  readonly wasRewritten: boolean;
}

/** A message of a caller's. */
export interface Said {
  readonly messageId: string;
  readonly parts: readonly PromptPart[];
}

interface Told {
  /** Position in the task's life at this gateway, from 1, one by one. */
  readonly sequence: number;
  readonly atMs: number;
}

/** The first of its lane, and the first of the task. */
interface Output {
  readonly isFirst: boolean;
  readonly isFirstOutput: boolean;
}

/** Something that happened in a task. Neighbouring `text` events of one lane may be told as one. */
export type TaskEvent = Told & (TaskStatusEvent | TaskTextEvent | TaskRewriteEvent | TaskToolEvent);

export interface TaskStatusEvent {
  readonly type: 'status';
  readonly state: TaskState;
  /** What was asked just now. */
  readonly ask?: Ask | undefined;
  /** How an earlier ask was closed just now. */
  readonly resolution?: Resolution | undefined;
  /** What it waits for still, while an earlier ask was closed. */
  readonly next?: Ask | undefined;
  /** With a terminal state. */
  readonly failure?: MessageFailure | undefined;
  readonly usage?: SessionUsage | undefined;
}

export interface TaskTextEvent extends Output {
  readonly type: 'text';
  readonly lane: Pick<TextLane, 'kind' | 'id' | 'messageId'>;
  readonly delta: string;
}

/** The text that was told is not what it became. */
export interface TaskRewriteEvent {
  readonly type: 'rewrite';
  readonly lane: TextLane;
}

export interface TaskToolEvent extends Output {
  readonly type: 'tool';
  readonly lane: ToolLane;
}
