import type { Observable } from 'rxjs';
import type { MessageFailure, MessageInfo, Part, TextPart } from '../message/message.model.js';
import type { Permission, PermissionReply } from '../permission/permission.model.js';
import type { Question } from '../question/question.model.js';
import type { Session, SessionStatus, Todo } from '../session/session.model.js';

export type TurnState = 'queued' | 'admitted' | 'running' | 'waiting' | 'completed' | 'failed' | 'aborted' | 'rejected' | 'interrupted';

/** Where a turn stands. */
export interface TurnUpdate {
  /** Id of the user message that began it. */
  readonly turnId: string;
  readonly state: TurnState;
  readonly requestId: string;
  /** The last assistant message so far. */
  readonly messageId: string | undefined;
  readonly finish: string | undefined;
  readonly failure: MessageFailure | undefined;
}

/** A piece of text added to a growing part. */
export interface TextDelta extends Pick<TextPart, 'id' | 'messageId' | 'sessionId' | 'type'> {
  readonly delta: string;
  /** UTF-8 bytes of the part before it. */
  readonly offset: number;
}

export type EventBody =
  | { readonly type: 'session_updated'; readonly session: Session }
  | { readonly type: 'session_deleted' }
  | { readonly type: 'session_status'; readonly status: SessionStatus }
  | { readonly type: 'session_failed'; readonly failure: MessageFailure }
  | { readonly type: 'message_updated'; readonly message: MessageInfo }
  | { readonly type: 'message_removed'; readonly messageId: string }
  | { readonly type: 'part_updated'; readonly part: Part }
  | { readonly type: 'part_delta'; readonly delta: TextDelta }
  | { readonly type: 'part_removed'; readonly messageId: string; readonly partId: string }
  | { readonly type: 'permission_asked'; readonly permission: Permission }
  | { readonly type: 'permission_replied'; readonly permissionId: string; readonly reply: PermissionReply }
  | { readonly type: 'question_asked'; readonly question: Question }
  | { readonly type: 'question_closed'; readonly questionId: string; readonly rejected: boolean }
  | { readonly type: 'todos_updated'; readonly todos: readonly Todo[] }
  | { readonly type: 'file_edited'; readonly path: string }
  | { readonly type: 'resync'; readonly lastSequence: number }
  | { readonly type: 'turn_updated'; readonly turn: TurnUpdate };

export interface EventOrigin {
  readonly directory: string;
  readonly sessionId: string;
  /** OpenCode's id of the event; empty on events of our own. */
  readonly eventId: string;
  /** Position of a durable event in its session; undefined on transient ones. */
  readonly sequence: number | undefined;
  /** On a sub-agent's durable event: where its root session stood then. */
  readonly rootSequence?: number;
}

/** One thing that happened. Immutable: every reader gets the same object, and its bytes are made once. */
export type GatewayEvent = EventOrigin & EventBody;

/** Text that OpenCode adds to a part whose kind was told before. */
export interface TextGrowth {
  readonly type: 'text_growth';
  readonly sessionId: string;
  readonly directory: string;
  readonly messageId: string;
  readonly partId: string;
  readonly delta: string;
  readonly eventId: string;
}

/** How a reader wants growing text: conflated whole texts, or every delta. */
export type TextMode = 'accumulated' | 'delta';

/** Where a reader of a session stands. */
export interface Position {
  /** Of the session's own last event that it has. */
  readonly sequence: number;
  /** Of the last event it has, where that is known and may be a sub-agent's. */
  readonly eventId?: string | undefined;
}

/** A session as somebody watches it who begins now. */
export interface SessionWatch {
  readonly sessionId: string;
  readonly events$: Observable<GatewayEvent>;
  /** What came before has been told, or was not asked for; undefined when nobody here knows. */
  readonly startsBehind: Position | undefined;
}

export interface WatchOptions {
  readonly textMode: TextMode;
  readonly durableOnly?: boolean;
  /** Resume behind this position. */
  readonly after?: Position | undefined;
}
