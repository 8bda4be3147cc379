import type { Subscriber } from 'rxjs';
import type { EventTally } from './event-tally.js';
import type { GatewayEvent, Position, TurnState } from './event.model.js';
import { isFinal, type Follower, type Resync } from './session-feed.js';

/** A caller's subscription as a follower. A class, so that thousands of them share one shape and one code path. */
export class WatchingFollower implements Follower {
  readonly textMode: Follower['textMode'];
  readonly durableOnly: boolean;
  readonly sessionId: string | undefined;
  readonly hears: Follower['hears'];
  /** What to do instead of only saying so. */
  onLostTrack: ((lastSequence: number) => void) | undefined;
  private had: (Position & { readonly ofSessionId: string }) | undefined;
  /** How turns ended that it was told of as it joined; undefined: of none. */
  private ends: ReadonlyMap<string, TurnState> | undefined;

  constructor(
    wish: Pick<Follower, 'textMode' | 'durableOnly' | 'sessionId' | 'hears'>,
    private readonly subscriber: Subscriber<GatewayEvent>,
    private readonly tally: EventTally,
  ) {
    this.textMode = wish.textMode;
    this.durableOnly = wish.durableOnly;
    this.sessionId = wish.sessionId;
    this.hears = wish.hears;
  }

  /** What it has from elsewhere, up to a position of a session, may be still to come here: that is no news. */
  passOver(ofSessionId: string, position: Position): void {
    this.had = { ofSessionId, ...position };
  }

  /** It was told the present, ends of turns from OpenCode's records among it: one that is looked at here only now ends no second time. */
  joined(present: readonly GatewayEvent[]): void {
    const ends = present.flatMap((event) => (isEnd(event) ? [[event.turn.turnId, event.turn.state] as const] : []));
    this.ends = ends.length === 0 ? undefined : new Map(ends);
  }

  next(event: GatewayEvent): void {
    if ((this.had === undefined && this.ends === undefined) || this.isNews(event)) this.subscriber.next(event);
  }

  loseTrack(event: Resync): void {
    if (this.onLostTrack === undefined) this.resync(event);
    else this.onLostTrack(event.lastSequence);
  }

  /** It is told that it missed events for good. */
  resync(event: Resync): void {
    this.tally.resyncs += 1;
    this.next(event);
  }

  end(error: unknown): void {
    this.subscriber.error(error);
  }

  private isNews(event: GatewayEvent): boolean {
    if (isEnd(event)) return this.ends?.get(event.turn.turnId) !== event.turn.state;
    return this.had === undefined || event.sequence === undefined || this.isBehind(this.had, event, event.sequence);
  }

  /** Events come in the order of their ids: behind the first that is news all are. */
  private isBehind(had: NonNullable<typeof this.had>, { sessionId, eventId }: GatewayEvent, sequence: number): boolean {
    const { ofSessionId, sequence: last, eventId: lastId = '' } = had;
    if (sessionId === ofSessionId ? sequence <= last : eventId <= lastId) return false;
    if (eventId > lastId) this.had = undefined;
    return true;
  }
}

function isEnd(event: GatewayEvent): event is Extract<GatewayEvent, { type: 'turn_updated' }> {
  return event.type === 'turn_updated' && isFinal(event.turn.state);
}
