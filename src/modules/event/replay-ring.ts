import type { GatewayEvent, Position } from './event.model.js';

export interface ReplayBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** The last event before those that are kept: everything of its sessions that came behind it is here. */
export interface Edge {
  readonly sessionId: string;
  readonly sequence: number;
  readonly eventId: string;
}

interface Entry {
  readonly event: GatewayEvent;
  readonly size: number;
}

/**
 * The newest durable events, bounded in number and bytes, so that readers can resume.
 *
 * Each event has an ordinal, counted from the ring's beginning: a reader that fetches piece by piece keeps its place by
 * it, whatever is added or dropped meanwhile.
 */
export class ReplayRing {
  private entries: Entry[] = [];
  private head = 0;
  private bytes = 0;
  /** Ordinal of the oldest event that is kept. */
  private begin = 0;
  /** Unknown while nobody can say what came before the first event that we heard. */
  private edge: Edge | undefined;

  constructor(private readonly bounds: ReplayBounds) {}

  /** The ordinal that the next event gets. */
  get end(): number {
    return this.begin + this.entries.length - this.head;
  }

  get newestEventId(): string | undefined {
    return this.entries.at(-1)?.event.eventId;
  }

  push(event: GatewayEvent, size: number): void {
    this.entries.push({ event, size });
    this.bytes += size;
    while (this.entries.length - this.head > this.bounds.maxEvents || this.bytes > this.bounds.maxBytes) this.dropOldest();
    if (this.head > 64 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  /** Somebody can say: what came behind this event is here already, or will be. */
  beginBehind(edge: Edge): void {
    this.edge ??= edge;
  }

  /** Ordinals from before mean nothing afterwards. */
  clear(): void {
    this.begin = this.end + 1;
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.edge = undefined;
  }

  /**
   * The ordinal behind a position of a session; undefined when something that came behind it is gone.
   *
   * Sub-agents' events behind the session's own are passed over up to the position's event: ids ascend.
   */
  ordinalBehind(sessionId: string, position: Position): number | undefined {
    const index = this.indexBehind(sessionId, position);
    if (index === undefined) return undefined;
    const { eventId } = position;
    return this.ordinalAt(eventId === undefined ? index : this.indexBehindOthers(index, sessionId, eventId));
  }

  /** The ordinal behind an event, whosever it is; undefined when it is not here. */
  ordinalBehindEvent(eventId: string): number | undefined {
    const seen = this.entries.findLastIndex(({ event }, index) => index >= this.head && event.eventId === eventId);
    return seen < 0 ? undefined : this.ordinalAt(seen + 1);
  }

  /** The events from an ordinal on; undefined when some are gone. */
  from(ordinal: number): GatewayEvent[] | undefined {
    if (ordinal < this.begin || ordinal > this.end) return undefined;
    return this.entries.slice(this.head + ordinal - this.begin).map(({ event }) => event);
  }

  private indexBehind(sessionId: string, position: Position): number | undefined {
    const seen = this.entries.findLastIndex(
      ({ event }, index) => index >= this.head && event.sessionId === sessionId && (event.sequence ?? Infinity) <= position.sequence,
    );
    if (seen >= 0) return seen + 1;
    return this.edge !== undefined && isBehind(this.edge, sessionId, position) ? this.head : undefined;
  }

  private indexBehindOthers(from: number, sessionId: string, eventId: string): number {
    const isNews = ({ event }: Entry): boolean => event.sessionId === sessionId || event.eventId > eventId;
    for (let index = from; ; index += 1) {
      const entry = this.entries[index];
      if (entry === undefined || isNews(entry)) return index;
    }
  }

  private ordinalAt(index: number): number {
    return this.begin + index - this.head;
  }

  private dropOldest(): void {
    const entry = this.entries[this.head];
    if (entry === undefined) return;
    this.head += 1;
    this.begin += 1;
    this.bytes -= entry.size;
    const { sessionId, sequence = -1, eventId } = entry.event;
    if (this.edge === undefined || eventId >= this.edge.eventId) this.edge = { sessionId, sequence, eventId };
  }
}

/** Whether somebody who left off at a position knows of the edge. */
function isBehind(edge: Edge, sessionId: string, { sequence, eventId }: Position): boolean {
  return (sessionId === edge.sessionId && sequence >= edge.sequence) || (eventId !== undefined && eventId >= edge.eventId);
}
