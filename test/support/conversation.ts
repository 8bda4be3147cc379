import { toJson, type JsonValue } from '@bufbuild/protobuf';
import { EventService, MessagePartUpdatedSchema, TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService, type DisplayMessage, type SendMessageRequest } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import type { Door, DoorStream } from './door.js';
import { script, type Operation } from './scripted-model.js';

type EventCase = NonNullable<GlobalEvent['event']['case']>;
type EventValue<Case extends EventCase> = Extract<GlobalEvent['event'], { case: Case }>['value'];

const FINAL: ReadonlySet<TurnState> = new Set([
  TurnState.COMPLETED,
  TurnState.FAILED,
  TurnState.ABORTED,
  TurnState.REJECTED,
  TurnState.INTERRUPTED,
]);

export function textPart(text: string): Pick<SendMessageRequest['parts'][number], 'content'> {
  return { content: { case: 'text', value: { $typeName: 'opencode.message.TextPart', text } } };
}

/** The bodies of all events of one kind. */
export function bodiesOf<Case extends EventCase>(events: readonly GlobalEvent[], wanted: Case): EventValue<Case>[] {
  return events.flatMap(({ event }) => (event.case === wanted ? [event.value as EventValue<Case>] : []));
}

/** Whether it tells the end of a turn. */
export function isFinal({ event }: GlobalEvent): boolean {
  return event.case === 'turnUpdated' && FINAL.has(event.value.state);
}

export function finalStates(events: readonly GlobalEvent[]): TurnState[] {
  return bodiesOf(events, 'turnUpdated')
    .map(({ state }) => state)
    .filter((state) => FINAL.has(state));
}

export function turnStates(events: readonly GlobalEvent[]): TurnState[] {
  return bodiesOf(events, 'turnUpdated').map(({ state }) => state);
}

/** What a reader of the stream ends up with: each part in its last state, without those it was told to forget. */
export function streamedParts(events: readonly GlobalEvent[]): JsonValue[] {
  const parts = new Map<string, JsonValue>();
  for (const { event } of events) {
    if (event.case === 'messagePartRemoved') parts.delete(event.value.partId);
    if (event.case === 'messagePartUpdated') parts.set(event.value.partId, toJson(MessagePartUpdatedSchema, event.value));
  }
  return [...parts.values()].filter((part) => !isEmptyText(part));
}

function isEmptyText(part: JsonValue): boolean {
  const { text, reasoning } = part as { text?: { text?: string }; reasoning?: { text?: string } };
  return (text !== undefined && !text.text) || (reasoning !== undefined && !reasoning.text);
}

/** The same of the history. */
export function historyParts(messages: readonly DisplayMessage[]): JsonValue[] {
  return messages.flatMap(({ parts }) => parts.map((part) => toJson(MessagePartUpdatedSchema, part)));
}

export async function collect<T>(stream: AsyncIterable<T>, onValue: (value: T) => Promise<void> | void = () => undefined): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) {
    values.push(value);
    await onValue(value);
  }
  return values;
}

/** Reads until a value satisfies; gives everything read so far. */
export async function readUntil<T>(stream: AsyncIterable<T>, isLast: (value: T) => boolean): Promise<T[]> {
  const values: T[] = [];
  for await (const value of stream) {
    values.push(value);
    if (isLast(value)) break;
  }
  return values;
}

/** A session and a client at one door. */
export class Conversation {
  private constructor(
    readonly door: Door,
    readonly sessionId: string,
  ) {}

  static async begin(door: Door, options: { readonly directory?: string } = {}): Promise<Conversation> {
    // A title of its own saves the model call that would make one.
    const { id } = await door.call(SessionService.method.createSession, { title: 'test', ...options });
    return new Conversation(door, id);
  }

  /** A conversation in a session that is there already. */
  static at(door: Door, sessionId: string): Conversation {
    return new Conversation(door, sessionId);
  }

  /** Sends a script and streams its turn. */
  stream(...calls: readonly (readonly Operation[])[]): DoorStream<GlobalEvent> {
    return this.door.stream(MessageService.method.streamMessage, { sessionId: this.sessionId, parts: [textPart(script(...calls))] });
  }

  run(...calls: readonly (readonly Operation[])[]): Promise<DisplayMessage> {
    return this.door.call(MessageService.method.runMessage, { sessionId: this.sessionId, parts: [textPart(script(...calls))] });
  }

  watch(options: { readonly afterSequence?: bigint } = {}): DoorStream<GlobalEvent> {
    return this.door.stream(EventService.method.subscribeSessionEvents, { sessionId: this.sessionId, ...options });
  }

  async history(): Promise<DisplayMessage[]> {
    return (await this.door.call(MessageService.method.listMessages, { sessionId: this.sessionId, pageSize: 100 })).messages;
  }

  async answerPermission(response: string, message?: string): Promise<void> {
    const { permissions } = await this.door.call(PermissionService.method.listPermissions, { sessionId: this.sessionId });
    for (const { id } of permissions) {
      const answer = { sessionId: this.sessionId, permissionId: id, response, ...(message !== undefined && { message }) };
      await this.door.call(PermissionService.method.respondToPermission, answer);
    }
  }

  async abort(): Promise<void> {
    await this.door.call(MessageService.method.abortSession, { sessionId: this.sessionId });
  }
}
