import type { TextDelta } from '../../event/event.model.js';
import type { MessageInfo, TextPart, ToolPart } from '../../message/message.model.js';
import type { Lane, TaskRewriteEvent, TaskTextEvent, TaskToolEvent } from '../a2a.model.js';
import type { SessionUsage } from '../../session/session.model.js';

export type OutputEvent = TaskTextEvent | TaskRewriteEvent | TaskToolEvent;

interface GrowingLane {
  readonly kind: 'text' | 'reasoning';
  readonly id: string;
  readonly messageId: string;
  text: string;
  /** UTF-8. */
  bytes: number;
}

type HeldLane = GrowingLane | Extract<Lane, { kind: 'tool' }>;

/** What a task has brought forth so far: texts, thoughts, tool calls, and what they cost. */
export class TaskOutput {
  private readonly held = new Map<string, HeldLane>();
  private readonly messages = new Map<string, MessageInfo>();
  private hasBegun = false;

  /** An assistant message whose parts are the task's. */
  note(message: MessageInfo): void {
    this.messages.set(message.id, message);
  }

  lanes(): Lane[] {
    return [...this.held.values()].map((lane) => (lane.kind === 'tool' ? lane : toTextLane(lane)));
  }

  /** Of all its messages; undefined before the first was paid for. */
  usage(): SessionUsage | undefined {
    const paid = [...this.messages.values()].filter(({ tokens }) => tokens !== undefined);
    if (paid.length === 0) return undefined;
    const sum = (read: (message: MessageInfo) => number | undefined): number =>
      paid.reduce((total, message) => total + (read(message) ?? 0), 0);
    return {
      inputTokens: sum(({ tokens }) => tokens?.input),
      outputTokens: sum(({ tokens }) => tokens?.output),
      reasoningTokens: sum(({ tokens }) => tokens?.reasoning),
      cacheReadTokens: sum(({ tokens }) => tokens?.cacheRead),
      cacheWriteTokens: sum(({ tokens }) => tokens?.cacheWrite),
      cost: sum(({ cost }) => cost),
    };
  }

  /** A text as it stands: what it has more than was told, or all of it where that was told wrong. */
  setText({ type, id, messageId, text }: TextPart): OutputEvent | undefined {
    if (!this.messages.has(messageId)) return undefined;
    const lane = this.held.get(id);
    if (lane === undefined) return text === '' ? undefined : this.open({ kind: type, id, messageId, text: '', bytes: 0 }, text);
    if (lane.kind === 'tool' || lane.text === text) return undefined;
    if (text.startsWith(lane.text)) return this.append(lane, text.slice(lane.text.length), false);
    lane.text = text;
    lane.bytes = Buffer.byteLength(text);
    return { type: 'rewrite', lane: toTextLane(lane) };
  }

  /** A piece of a text; one that leaves a hole is left to the text's end, which tells all of it. */
  grow({ type, id, messageId, delta, offset }: TextDelta): OutputEvent | undefined {
    if (!this.messages.has(messageId)) return undefined;
    const lane = this.held.get(id);
    if (lane === undefined) return offset === 0 ? this.open({ kind: type, id, messageId, text: '', bytes: 0 }, delta) : undefined;
    return lane.kind !== 'tool' && lane.bytes === offset ? this.append(lane, delta, false) : undefined;
  }

  /** A tool call as it stands; undefined when that was told. */
  setTool(part: ToolPart): OutputEvent | undefined {
    const { id, messageId } = part;
    if (!this.messages.has(messageId)) return undefined;
    const known = this.held.get(id);
    if (known?.kind === 'tool' && isSame(known.part, part)) return undefined;
    const lane = { kind: 'tool', id, messageId, part } as const;
    this.held.set(id, lane);
    return { type: 'tool', lane, isFirst: known === undefined, isFirstOutput: this.begin() };
  }

  /** A text that will never be whole: the model was asked anew. */
  remove(partId: string): OutputEvent | undefined {
    const lane = this.held.get(partId);
    if (lane === undefined || lane.kind === 'tool') return undefined;
    this.held.delete(partId);
    return { type: 'rewrite', lane: { ...toTextLane(lane), text: '' } };
  }

  private open(lane: GrowingLane, text: string): OutputEvent {
    this.held.set(lane.id, lane);
    return { ...this.append(lane, text, true), isFirstOutput: this.begin() };
  }

  private begin(): boolean {
    const isFirst = !this.hasBegun;
    this.hasBegun = true;
    return isFirst;
  }

  private append(lane: GrowingLane, delta: string, isFirst: boolean): TaskTextEvent {
    lane.text += delta;
    lane.bytes += Buffer.byteLength(delta);
    const { kind, id, messageId } = lane;
    return { type: 'text', lane: { kind, id, messageId }, delta, isFirst, isFirstOutput: false };
  }
}

function toTextLane({ kind, id, messageId, text }: GrowingLane): Extract<Lane, { kind: 'text' | 'reasoning' }> {
  return { kind, id, messageId, text };
}

function isSame(left: ToolPart, right: ToolPart): boolean {
  return toComparable(left) === toComparable(right);
}

function toComparable({ status, title, input, output, error }: ToolPart): string {
  return JSON.stringify([status, title, input, output, error]);
}
