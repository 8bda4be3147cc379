import type { GatewayEvent, TextDelta, TextGrowth } from './event.model.js';
import { GrowingPart } from './growing-part.js';

/** Accumulated text goes out at most this often per part: whole texts are quadratic on the wire. */
export const GROWTH_INTERVAL_MS = 50;

interface Growing {
  readonly part: GrowingPart;
  sentAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

type PartUpdate = Extract<GatewayEvent, { type: 'part_updated' }>;

/** Who hears of growing texts. */
export interface TextListener {
  /** Whether anybody wants whole texts; asked for every delta. */
  readonly wantsAccumulated: boolean;
  onDelta(event: GatewayEvent): void;
  onAccumulated(event: GatewayEvent): void;
}

/** The texts that are being written in a session and its sub-agents' sessions. */
export class GrowingTexts {
  private readonly growing = new Map<string, Growing>();

  constructor(private readonly listener: TextListener) {}

  get isEmpty(): boolean {
    return this.growing.size === 0;
  }

  /** A text begins, or is whole. */
  update({ part, directory, sequence }: PartUpdate): void {
    if (sequence === undefined || (part.type !== 'text' && part.type !== 'reasoning')) return;
    this.stop(part.id);
    if (!part.ended) this.growing.set(part.id, { part: new GrowingPart(part, directory), sentAtMs: 0, timer: undefined });
  }

  grow(growth: TextGrowth): void {
    const growing = this.growing.get(growth.partId);
    const delta = growing?.part.grow(growth.delta, growth.eventId);
    if (growing === undefined || delta === undefined) return;
    this.listener.onDelta(toDeltaEvent(growth, delta));
    if (this.listener.wantsAccumulated) this.throttle(growing);
  }

  stop(partId: string): void {
    clearTimeout(this.growing.get(partId)?.timer);
    this.growing.delete(partId);
  }

  /** Forgets what will never be finished, and says what that was. */
  forget(isForgotten: (part: GrowingPart) => boolean): GrowingPart[] {
    const forgotten = [...this.growing.values()].map(({ part }) => part).filter(isForgotten);
    for (const part of forgotten) this.stop(part.id);
    return forgotten;
  }

  /** Deltas were missed: none of the texts is known any more, until its end tells it. */
  lose(): void {
    for (const { part } of this.growing.values()) part.lose();
  }

  /** The texts so far. */
  snapshot(): GatewayEvent[] {
    return [...this.growing.values()].flatMap(({ part }) => toAccumulated(part) ?? []);
  }

  close(): void {
    for (const { timer } of this.growing.values()) clearTimeout(timer);
  }

  /** The first growth goes out at once, what follows within the interval together at its end. */
  private throttle(growing: Growing): void {
    if (growing.timer !== undefined) return;
    const waitMs = growing.sentAtMs + GROWTH_INTERVAL_MS - Date.now();
    if (waitMs <= 0) this.tell(growing);
    else growing.timer = setTimeout(() => this.tell(growing), waitMs);
  }

  private tell(growing: Growing): void {
    growing.timer = undefined;
    growing.sentAtMs = Date.now();
    const event = toAccumulated(growing.part);
    if (event !== undefined) this.listener.onAccumulated(event);
  }
}

function toDeltaEvent({ sessionId, directory }: TextGrowth, delta: TextDelta): GatewayEvent {
  return { type: 'part_delta', sessionId, directory, eventId: '', sequence: undefined, delta };
}

function toAccumulated(part: GrowingPart): GatewayEvent | undefined {
  const snapshot = part.snapshot();
  if (snapshot === undefined) return undefined;
  return { type: 'part_updated', sessionId: part.sessionId, directory: part.directory, eventId: '', sequence: undefined, part: snapshot };
}
