import type { GatewayEvent } from '../event/event.model.js';
import type { Message, MessageInfo, Part } from '../message/message.model.js';
import type { MessageChange } from './workspace.model.js';

interface Assembled {
  info: MessageInfo;
  readonly parts: Map<string, Part>;
}

/** Puts whole messages together from the events of one session. */
export class MessageAssembler {
  private readonly messages = new Map<string, Assembled>();

  constructor(history: readonly Message[]) {
    for (const { info, parts } of history) this.messages.set(info.id, { info, parts: new Map(parts.map((part) => [part.id, part])) });
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

function toMessage({ info, parts }: Assembled): Message {
  return { info, parts: [...parts.values()] };
}
