import { create } from '@bufbuild/protobuf';
import { GlobalEventSchema, TurnState as TurnStateMessage, type GlobalEvent } from '../../common/grpc/generated/event_pb.js';
import type { UpstreamEvent, UpstreamFrame, UpstreamStoredEvent } from '../../common/opencode/opencode.types.js';
import { timeOfId } from '../../common/opencode/upstream-clock.js';
import { describeDelivery } from '../../common/streams/delivery.js';
import { FanOutCache } from '../../common/streams/fan-out-cache.js';
import { fromUpstreamError } from '../message/failure.mapper.js';
import {
  fromUpstreamMessage,
  fromUpstreamPart,
  toMessagePartDelta,
  toMessagePartUpdated,
  toMessageUpdated,
} from '../message/message.mapper.js';
import type { MessageInfo } from '../message/message.model.js';
import { fromUpstreamPermission, toPermissionRequest } from '../permission/permission.mapper.js';
import { fromUpstreamQuestion, toQuestion } from '../question/question.mapper.js';
import { fromUpstreamSession, fromUpstreamStatus, toSessionInfo, toSessionStatus, toTodo } from '../session/session.mapper.js';
import type { EventBody, EventOrigin, GatewayEvent, TextGrowth, TurnState, TurnUpdate } from './event.model.js';

/** Events that OpenCode also sends as a `sync` frame, right behind the plain one and with the same content. */
const DURABLE: ReadonlySet<string> = new Set([
  'session.created',
  'session.updated',
  'session.deleted',
  'message.updated',
  'message.removed',
  'message.part.updated',
  'message.part.removed',
]);

interface Told {
  readonly event: UpstreamEvent;
  /** Whose history a durable event belongs to. */
  readonly aggregateId: string | undefined;
  readonly eventId: string;
  readonly sequence: number | undefined;
}

/**
 * The one frame of an event that counts.
 *
 * A durable event is taken from its `sync` frame, which alone has the sequence, and its plain twin is dropped: so each
 * arrives once, with its number (measured: always adjacent, always equal).
 */
function readFrame({ payload }: UpstreamFrame): Told | undefined {
  const { syncEvent } = payload;
  if (syncEvent !== undefined) {
    const type = syncEvent.type.replace(/\.\d+$/, '');
    const { id, seq, data, aggregateID } = syncEvent;
    return { event: { type, properties: data } as UpstreamEvent, aggregateId: aggregateID, eventId: id, sequence: seq };
  }
  if (DURABLE.has(payload.type)) return undefined;
  const event = { type: payload.type, properties: payload.properties } as UpstreamEvent;
  return { event, aggregateId: undefined, eventId: payload.id ?? '', sequence: undefined };
}

/**
 * An assistant message as it was when the event was made.
 *
 * OpenCode makes a frame's text when it sends it, of the object that it goes on changing, so that the frame of a message's beginning may
 * tell its end, ahead of all its parts (measured with two busy sessions: of 523 beginnings 107, of what its last step used all).
 * An event is no younger than its id: what completed later is told by a later event.
 */
function asOfEvent(message: MessageInfo, eventId: string): MessageInfo {
  const { completedAtMs } = message;
  if (completedAtMs === undefined || completedAtMs <= (timeOfId(eventId, completedAtMs) ?? completedAtMs)) return message;
  return { ...message, completedAtMs: undefined, finish: undefined, failure: undefined, tokens: undefined, cost: undefined };
}

/** Undefined for events that callers do not see, and for types we do not know. */
function fromEvent({ event, eventId }: Told, nowMs: number): EventBody | undefined {
  switch (event.type) {
    case 'session.created':
    case 'session.updated':
      return { type: 'session_updated', session: fromUpstreamSession(event.properties.info) };
    case 'session.deleted':
      return { type: 'session_deleted' };
    case 'session.status':
      return { type: 'session_status', status: fromUpstreamStatus(event.properties.status) };
    case 'session.error':
      return event.properties.error && { type: 'session_failed', failure: fromUpstreamError(event.properties.error) };
    case 'message.updated':
      return { type: 'message_updated', message: asOfEvent(fromUpstreamMessage(event.properties.info), eventId) };
    case 'message.removed':
      return { type: 'message_removed', messageId: event.properties.messageID };
    case 'message.part.updated': {
      const part = fromUpstreamPart(event.properties.part);
      return part && { type: 'part_updated', part };
    }
    case 'message.part.removed':
      return { type: 'part_removed', messageId: event.properties.messageID, partId: event.properties.partID };
    case 'permission.asked':
      return { type: 'permission_asked', permission: fromUpstreamPermission(event.properties, nowMs) };
    case 'permission.replied':
      return { type: 'permission_replied', permissionId: event.properties.requestID, reply: event.properties.reply };
    case 'question.asked':
      return { type: 'question_asked', question: fromUpstreamQuestion(event.properties) };
    case 'question.replied':
    case 'question.rejected':
      return { type: 'question_closed', questionId: event.properties.requestID, rejected: event.type === 'question.rejected' };
    case 'todo.updated':
      return { type: 'todos_updated', todos: event.properties.todos };
    case 'file.edited':
      return { type: 'file_edited', path: event.properties.file };
    case 'message.part.delta':
      return undefined;
  }
}

/** One event that we cannot understand must not cost the others. */
function readBody(told: Told, nowMs: number): EventBody | undefined {
  try {
    return fromEvent(told, nowMs);
  } catch {
    return undefined;
  }
}

/** An event, or a bare position: a durable event that callers do not see. */
export type OrderedContent = GatewayEvent | (EventOrigin & { readonly type: 'unseen' });

/** What a frame tells: an event, a bare position, growing text, or nothing. */
export type FrameContent = OrderedContent | TextGrowth;

/** An event out of OpenCode's history, as its frame would have told it. */
export function fromStoredEvent({ id, aggregate_id, seq, type, data }: UpstreamStoredEvent, directory: string): OrderedContent {
  const payload = { type: 'sync', syncEvent: { id, type, seq, aggregateID: aggregate_id, data } };
  const content = fromUpstreamFrame({ directory, payload }, 0);
  if (content !== undefined && content.type !== 'text_growth') return content;
  return { type: 'unseen', directory, sessionId: aggregate_id, eventId: id, sequence: seq };
}

/** One frame of `/global/event` in our words; undefined when it tells nothing. */
export function fromUpstreamFrame(frame: UpstreamFrame, nowMs: number): FrameContent | undefined {
  const directory = frame.directory ?? '';
  if (frame.payload.type === 'message.part.delta') {
    const { sessionID, messageID, partID, field, delta } = frame.payload.properties as Partial<
      Extract<UpstreamEvent, { type: 'message.part.delta' }>['properties']
    >;
    if (field !== 'text' || sessionID === undefined || messageID === undefined || partID === undefined || delta === undefined)
      return undefined;
    return {
      type: 'text_growth',
      sessionId: sessionID,
      directory,
      messageId: messageID,
      partId: partID,
      delta,
      eventId: frame.payload.id ?? '',
    };
  }
  const told = readFrame(frame);
  if (told === undefined) return undefined;
  const properties = told.event.properties as { readonly sessionID?: string } | undefined;
  const sessionId = told.aggregateId ?? properties?.sessionID ?? '';
  const origin = { directory, sessionId, eventId: told.eventId, sequence: told.sequence };
  const body = properties === undefined ? undefined : readBody(told, nowMs);
  if (body !== undefined) return { ...origin, ...body };
  return told.sequence === undefined ? undefined : { ...origin, type: 'unseen' };
}

const TURN_STATES: Readonly<Record<TurnState, TurnStateMessage>> = {
  queued: TurnStateMessage.QUEUED,
  admitted: TurnStateMessage.ADMITTED,
  running: TurnStateMessage.RUNNING,
  waiting: TurnStateMessage.WAITING,
  completed: TurnStateMessage.COMPLETED,
  failed: TurnStateMessage.FAILED,
  aborted: TurnStateMessage.ABORTED,
  rejected: TurnStateMessage.REJECTED,
  interrupted: TurnStateMessage.INTERRUPTED,
};

export function toTurnState(state: TurnState): TurnStateMessage {
  return TURN_STATES[state];
}

function toTurnUpdated(turn: TurnUpdate) {
  return {
    $typeName: 'opencode.event.TurnUpdated' as const,
    turnId: turn.turnId,
    state: TURN_STATES[turn.state],
    requestId: turn.requestId,
    ...(turn.messageId !== undefined && { messageId: turn.messageId }),
    ...(turn.finish !== undefined && { finish: turn.finish }),
    ...(turn.failure !== undefined && { errorName: turn.failure.name, errorMessage: turn.failure.message }),
  };
}

function toBody(event: GatewayEvent): GlobalEvent['event'] {
  switch (event.type) {
    case 'session_updated':
      return { case: 'sessionUpdated', value: { $typeName: 'opencode.event.SessionUpdated', session: toSessionInfo(event.session) } };
    case 'session_deleted':
      return { case: 'sessionDeleted', value: { $typeName: 'opencode.event.SessionDeleted', sessionId: event.sessionId } };
    case 'session_status':
      return { case: 'sessionStatus', value: toSessionStatus(event.sessionId, event.status) };
    case 'session_failed':
      return {
        case: 'sessionFailed',
        value: { $typeName: 'opencode.event.SessionFailed', errorName: event.failure.name, errorMessage: event.failure.message },
      };
    case 'message_updated':
      return { case: 'messageUpdated', value: toMessageUpdated(event.message) };
    case 'message_removed':
      return { case: 'messageRemoved', value: { $typeName: 'opencode.event.MessageRemoved', messageId: event.messageId } };
    case 'part_updated':
      return { case: 'messagePartUpdated', value: toMessagePartUpdated(event.part) };
    case 'part_delta':
      return { case: 'messagePartUpdated', value: toMessagePartDelta(event.delta) };
    case 'part_removed':
      return {
        case: 'messagePartRemoved',
        value: { $typeName: 'opencode.event.MessagePartRemoved', messageId: event.messageId, partId: event.partId },
      };
    case 'permission_asked':
      return {
        case: 'permissionCreated',
        value: { $typeName: 'opencode.event.PermissionCreated', permission: toPermissionRequest(event.permission) },
      };
    case 'permission_replied':
      return {
        case: 'permissionReplied',
        value: { $typeName: 'opencode.event.PermissionReplied', permissionId: event.permissionId, reply: event.reply },
      };
    case 'question_asked':
      return { case: 'questionAsked', value: { $typeName: 'opencode.event.QuestionAsked', question: toQuestion(event.question) } };
    case 'question_closed':
      return {
        case: 'questionClosed',
        value: { $typeName: 'opencode.event.QuestionClosed', questionId: event.questionId, rejected: event.rejected },
      };
    case 'todos_updated':
      return { case: 'todosUpdated', value: { $typeName: 'opencode.event.TodosUpdated', todos: event.todos.map(toTodo) } };
    case 'file_edited':
      return { case: 'fileEdited', value: { $typeName: 'opencode.event.FileEdited', path: event.path } };
    case 'resync':
      return { case: 'resync', value: { $typeName: 'opencode.event.Resync', sequence: BigInt(event.lastSequence) } };
    case 'turn_updated':
      return { case: 'turnUpdated', value: toTurnUpdated(event.turn) };
  }
}

const messages = new FanOutCache((event: GatewayEvent): GlobalEvent => {
  const { directory, sessionId, eventId, sequence } = event;
  describe(event);
  return create(GlobalEventSchema, {
    // As the rest of what the first delta of a part has told.
    directory: event.type === 'part_delta' && event.delta.offset > 0 ? '' : directory,
    sessionId,
    eventId,
    event: toBody(event),
    ...(sequence !== undefined && { sequence: BigInt(sequence) }),
  });
});

/** The event on the wire; made once, so that all readers share one message and its bytes. */
export function toGlobalEvent(event: GatewayEvent): GlobalEvent {
  return messages.get(event);
}

function describe(event: GatewayEvent): void {
  // Accumulated growth of a part contains all its earlier growth, and so does its durable update, which itself must arrive.
  if (event.type === 'part_updated') describeDelivery(event, { supersedes: event.part.id, isLasting: event.sequence !== undefined });
}
