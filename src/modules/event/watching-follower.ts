import type { Subscriber } from 'rxjs';
import type { GatewayEvent } from './event.model.js';
import type { Follower, Resync } from './session-feed.js';

/** A caller's subscription as a follower. A class, so that thousands of them share one shape and one code path. */
export class WatchingFollower implements Follower {
  readonly textMode: Follower['textMode'];
  readonly durableOnly: boolean;
  readonly sessionId: string | undefined;
  /** What to do instead of only saying so. */
  onLostTrack: ((lastSequence: number) => void) | undefined;

  constructor(
    wish: Pick<Follower, 'textMode' | 'durableOnly' | 'sessionId'>,
    private readonly subscriber: Subscriber<GatewayEvent>,
  ) {
    this.textMode = wish.textMode;
    this.durableOnly = wish.durableOnly;
    this.sessionId = wish.sessionId;
  }

  next(event: GatewayEvent): void {
    this.subscriber.next(event);
  }

  loseTrack(event: Resync): void {
    if (this.onLostTrack === undefined) this.next(event);
    else this.onLostTrack(event.lastSequence);
  }

  end(error: unknown): void {
    this.subscriber.error(error);
  }
}
