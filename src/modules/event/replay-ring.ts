import type { GatewayEvent } from './event.model.js';

export interface ReplayBounds {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

interface Entry {
  readonly event: GatewayEvent;
  readonly size: number;
}

/** The newest durable events of a session and its children, bounded in number and bytes, so that readers can resume. */
export class ReplayRing {
  private entries: Entry[] = [];
  private head = 0;
  private bytes = 0;
  private readonly known = new Set<string>();
  /** Positions that are no longer, or never were, in the ring, though all that came behind them is. */
  private readonly floors = new Map<string, number>();

  constructor(private readonly bounds: ReplayBounds) {}

  push(event: GatewayEvent, sequence: number, size: number): void {
    if (!this.known.has(event.sessionId)) this.floors.set(event.sessionId, sequence - 1);
    this.known.add(event.sessionId);
    this.entries.push({ event, size });
    this.bytes += size;
    while (this.entries.length - this.head > this.bounds.maxEvents || this.bytes > this.bounds.maxBytes) this.dropOldest();
    if (this.head > 64 && this.head * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  clear(): void {
    this.entries = [];
    this.head = 0;
    this.bytes = 0;
    this.known.clear();
    this.floors.clear();
  }

  /** Everything behind a position of a session, its children's events included; undefined when some of it is gone. */
  after(sessionId: string, sequence: number): GatewayEvent[] | undefined {
    const kept = this.entries.slice(this.head).map((entry) => entry.event);
    const seen = kept.findLastIndex((event) => event.sessionId === sessionId && event.sequence !== undefined && event.sequence <= sequence);
    if (seen >= 0) return kept.slice(seen + 1);
    const floor = this.floors.get(sessionId);
    return floor !== undefined && sequence >= floor ? kept : undefined;
  }

  private dropOldest(): void {
    const entry = this.entries[this.head];
    if (entry === undefined) return;
    this.head += 1;
    this.bytes -= entry.size;
    const { sessionId, sequence } = entry.event;
    // What is gone came behind every earlier position, whosever it was.
    this.floors.clear();
    if (sequence !== undefined) this.floors.set(sessionId, sequence);
  }
}
