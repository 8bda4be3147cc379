import type { Subscriber } from 'rxjs';
import type { EventTally } from './event-tally.js';
import type { GatewayEvent, Position } from './event.model.js';
import type { Follower, Resync } from './session-feed.js';

/** A caller's subscription as a follower. A class, so that thousands of them share one shape and one code path. */
export class WatchingFollower implements Follower {
  readonly textMode: Follower['textMode'];
  readonly durableOnly: boolean;
  readonly sessionId: string | undefined;
  readonly hears: Follower['hears'];
  /** What to do instead of only saying so. */
  onLostTrack: ((lastSequence: number) => void) | undefined;
  private had: (Position & { readonly ofSessionId: string }) | undefined;

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

  next(event: GatewayEvent): void {
    if (this.had === undefined || event.sequence === undefined || this.isNews(event)) this.subscriber.next(event);
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

  /** Events come in the order of their ids: behind the first that is news all are. */
  private isNews({ sessionId, sequence, eventId }: GatewayEvent): boolean {
    if (this.had === undefined || sequence === undefined) return true;
    const { ofSessionId, sequence: last, eventId: lastId = '' } = this.had;
    if (sessionId === ofSessionId ? sequence <= last : eventId <= lastId) return false;
    if (eventId > lastId) this.had = undefined;
    return true;
  }
}
