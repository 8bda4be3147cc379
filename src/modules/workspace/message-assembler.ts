import { isDeepStrictEqual } from 'node:util';
import type { GatewayEvent } from '../event/event.model.js';
import type { Message, MessageInfo, Part, TextPart } from '../message/message.model.js';
import type { MessageChange } from './workspace.model.js';

interface Assembled {
  info: MessageInfo;
  readonly parts: Map<string, Part>;
}

/** Puts whole messages together from the events of one session. */
export class MessageAssembler {
  private messages = new Map<string, Assembled>();

  /** Takes the history for true, at first or after events were missed; gives what that changed. */
  catchUp(history: readonly Message[]): MessageChange[] {
    const before = this.messages;
    this.messages = toMessages(history);
    for (const [id, message] of this.messages) keepGrowth(message, before.get(id)?.parts);
    const deleted = [...before.keys()].filter((id) => !this.messages.has(id));
    return [
      ...deleted.map((messageId) => ({ type: 'deleted' as const, messageId })),
      ...[...this.messages].flatMap(([id, message]) => compare(before.get(id), message) ?? []),
    ];
  }

  /** What the event changed; undefined when no message. */
  apply(event: GatewayEvent): MessageChange | undefined {
    switch (event.type) {
      case 'message_updated':
        return this.applyInfo(event.message);
      case 'message_removed':
        return this.messages.delete(event.messageId) ? { type: 'deleted', messageId: event.messageId } : undefined;
      case 'part_updated':
        return this.change(event.part.messageId, ({ parts }) => parts.set(event.part.id, event.part));
      case 'part_removed':
        return this.change(event.messageId, ({ parts }) => parts.delete(event.partId));
      default:
        return undefined;
    }
  }

  private applyInfo(info: MessageInfo): MessageChange {
    const known = this.messages.get(info.id);
    if (known !== undefined) {
      known.info = info;
      return { type: 'updated', message: toMessage(known) };
    }
    const made = { info, parts: new Map<string, Part>() };
    this.messages.set(info.id, made);
    return { type: 'created', message: toMessage(made) };
  }

  private change(messageId: string, act: (message: Assembled) => void): MessageChange | undefined {
    const message = this.messages.get(messageId);
    if (message === undefined) return undefined;
    act(message);
    return { type: 'updated', message: toMessage(message) };
  }
}

function toMessages(history: readonly Message[]): Map<string, Assembled> {
  return new Map(history.map(({ info, parts }) => [info.id, { info, parts: new Map(parts.map((part) => [part.id, part])) }]));
}

/** Of a text that still grows OpenCode keeps nothing: what was seen of it stays. */
function keepGrowth({ info, parts }: Assembled, before: ReadonlyMap<string, Part> | undefined): void {
  if (info.completedAtMs !== undefined || info.failure !== undefined) return;
  for (const part of before?.values() ?? []) if (isGrowing(part) && !parts.has(part.id)) parts.set(part.id, part);
}

/** Whether it is a text that is not whole yet. */
export function isGrowing(part: Part): part is TextPart {
  return (part.type === 'text' || part.type === 'reasoning') && !part.ended;
}

function compare(before: Assembled | undefined, message: Assembled): MessageChange | undefined {
  if (before === undefined) return { type: 'created', message: toMessage(message) };
  return isDeepStrictEqual(before, message) ? undefined : { type: 'updated', message: toMessage(message) };
}

function toMessage({ info, parts }: Assembled): Message {
  return { info, parts: [...parts.values()] };
}
