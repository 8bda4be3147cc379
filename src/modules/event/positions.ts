/** The last durable event of a session that was told. */
interface Last {
  readonly sequence: number;
  readonly eventId: string;
}

/** How an event stands to those before it. */
export type Arrival = 'next' | 'repeated' | 'gap';

/** How far each session of a feed has been told. OpenCode numbers a session's durable events from 0, without a hole. */
export class Positions {
  private readonly lasts = new Map<string, Last>();

  get isEmpty(): boolean {
    return this.lasts.size === 0;
  }

  /** The last event that was told, whosever it is: ids ascend. */
  get newestEventId(): string {
    let newest = '';
    for (const { eventId } of this.lasts.values()) if (eventId > newest) newest = eventId;
    return newest;
  }

  of(sessionId: string): Last | undefined {
    return this.lasts.get(sessionId);
  }

  /** The first event of a session that we hear of is always next: nobody was told of those before it. */
  arrivalOf(sessionId: string, sequence: number): Arrival {
    const last = this.lasts.get(sessionId)?.sequence;
    if (last === undefined || sequence === last + 1) return 'next';
    return sequence <= last ? 'repeated' : 'gap';
  }

  note(sessionId: string, sequence: number, eventId: string): void {
    this.lasts.set(sessionId, { sequence, eventId });
  }

  forget(sessionId: string): void {
    this.lasts.delete(sessionId);
  }

  clear(): void {
    this.lasts.clear();
  }

  /** The position before each session's last: what OpenCode tells behind it begins with that last event, if it is still true. */
  beforeLast(): ReadonlyMap<string, number> {
    return new Map([...this.lasts].map(([sessionId, { sequence }]) => [sessionId, sequence - 1]));
  }

  /**
   * Whether a history goes on where these positions are. Not so after OpenCode lost its newest events, as when its data was
   * put back: it then gives their numbers to others.
   */
  isContinuedBy(events: readonly { readonly sessionId: string; readonly sequence: number; readonly eventId: string }[]): boolean {
    const told = new Map<string, string>();
    for (const { sessionId, sequence, eventId } of events)
      if (this.lasts.get(sessionId)?.sequence === sequence) told.set(sessionId, eventId);
    return [...this.lasts].every(([sessionId, { eventId }]) => told.get(sessionId) === eventId);
  }
}
