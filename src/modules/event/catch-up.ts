import type { Subscriber } from 'rxjs';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { untilReady } from '../../common/streams/paced-subscriber.js';
import type { EventHistory, StoredEvent } from './event.history.js';
import type { GatewayEvent, Position } from './event.model.js';
import type { Feeds } from './feeds.js';
import { wants, type SessionFeed } from './session-feed.js';
import type { WatchingFollower } from './watching-follower.js';

/** A reader that takes nothing of its backlog for so long is ended: the backlog is held for it. */
const STALLED_MS = 30_000;
/** How long what OpenCode has stored may take to arrive here; and how long it is waited for where nothing is known to come. */
const LAG_MS = 5_000;
const FIRST_LAG_MS = 250;
/** How long what a reader had from another replica may take to arrive here. */
const REACH_MS = 1_000;
const CHECK_MS = 20;
/** OpenCode may be away a moment before its events are known to stay away. */
const AWAY_CHECK_MS = 250;
/** A reader that finds its place gone again so often is told to read the state. */
const MAX_ATTEMPTS = 3;

/** What of a feed a reader gets next. */
interface Place {
  readonly feed: SessionFeed;
  readonly ordinal: number;
}

/** What a catch-up needs of the world. */
export interface CatchUpSource {
  readonly feeds: Feeds;
  readonly history: EventHistory;
  /** Settles while OpenCode's events arrive. */
  untilReady(): Promise<unknown> | undefined;
  /** The present state of a session, as events; for readers that cannot be told what they missed. */
  readState(sessionId: string): Promise<readonly GatewayEvent[]>;
  /** How the session's last turn ended, where that was before we listened. */
  recallEnd(sessionId: string): Promise<GatewayEvent | undefined>;
}

/**
 * Brings one reader of a session from where it left off to the present, at the reader's own pace, and then lets it follow.
 *
 * It reads what was kept until nothing is left, and joins in the same step: so nothing is missed or told twice, nothing
 * queues, and a short way is gone without waiting at all.
 */
export class CatchUp {
  private position: Position = { sequence: 0 };
  private awaySince = 0;

  constructor(
    private readonly source: CatchUpSource,
    private readonly sessionId: string,
    private readonly follower: WatchingFollower,
    private readonly subscriber: Subscriber<GatewayEvent>,
    /** Lets the reader follow from now on; it was away since a sequence, and has everything up to the position. */
    private readonly join: (feed: SessionFeed, awaySince: number, position: Position) => void,
  ) {}

  /** Resolves when the reader follows, or has left. @throws GatewayError RESOURCE_EXHAUSTED when it takes nothing */
  async resume(after: Position): Promise<void> {
    this.position = after;
    this.awaySince = after.sequence;
    if (!this.source.feeds.of(this.sessionId).knowsTurns) await this.recallEnd();
    for (let attempt = 1; !this.subscriber.closed; attempt += 1) {
      const place = this.findPlace() ?? (attempt > MAX_ATTEMPTS ? undefined : await this.readHistory());
      if (place === undefined) return this.resync();
      if (await this.readRing(place)) return;
    }
  }

  /** Says that the reader's position means nothing any more, gives the present state, and goes on from there. @throws GatewayError as `resume`; UNAVAILABLE */
  async resync(lastKnown = 0): Promise<void> {
    this.awaySince = lastKnown;
    await this.source.untilReady();
    if (this.subscriber.closed) return;
    const feed = this.source.feeds.of(this.sessionId);
    const place = { feed, ordinal: feed.ring.end };
    const told = feed.positions.of(this.sessionId)?.sequence;
    const lastSequence = told ?? lastKnown;
    this.position = { sequence: told ?? -1 };
    this.follower.resync({ type: 'resync', directory: '', sessionId: this.sessionId, eventId: '', sequence: undefined, lastSequence });
    for (const event of (await this.ask(() => this.source.readState(this.sessionId))) ?? []) {
      const wait = this.give(event);
      if (wait !== undefined) await wait;
    }
    if (this.subscriber.closed || (await this.readRing(place))) return;
    throw new GatewayError('UNAVAILABLE', 'Too much happened meanwhile; subscribe again', {
      reason: 'RESYNC_OVERTAKEN',
      retryAfterMs: 1_000,
    });
  }

  /** A reader who was away must not wait for the end of a turn that ended meanwhile. */
  private async recallEnd(): Promise<void> {
    const event = await this.ask(() => this.source.recallEnd(this.sessionId));
    const feed = this.source.feeds.of(this.sessionId);
    if (event?.type === 'turn_updated' && !feed.knowsTurns) feed.recallEnd(event);
  }

  /** Where to go on among what was kept. */
  private findPlace(): Place | undefined {
    const feed = this.source.feeds.of(this.sessionId);
    const ordinal = this.isBehindUs(feed) ? feed.ring.ordinalBehind(this.sessionId, this.position) : undefined;
    return ordinal === undefined ? undefined : { feed, ordinal };
  }

  /** Not so when another replica was quicker, or the reader makes it up: OpenCode's history knows. */
  private isBehindUs(feed: SessionFeed): boolean {
    return this.position.sequence <= (feed.positions.of(this.sessionId)?.sequence ?? -1);
  }

  /** True once nothing is left and the reader follows; false when its place was dropped meanwhile, or it left. */
  private async readRing({ feed, ordinal: first }: Place): Promise<boolean> {
    for (let ordinal = first; ;) {
      const missed = feed.ring.from(ordinal);
      if (missed === undefined) return false;
      if (missed.length === 0) {
        this.join(feed, this.awaySince, this.position);
        return true;
      }
      for (const event of missed) {
        const wait = this.give(event);
        if (wait !== undefined) await wait;
        if (this.subscriber.closed) return false;
        ordinal += 1;
      }
    }
  }

  /** Gives what OpenCode has kept, and says where to go on; undefined when it cannot be had, or the position is none. */
  private async readHistory(): Promise<Place | undefined> {
    const { sequence } = this.position;
    const feed = this.source.feeds.of(this.sessionId);
    // What comes from now on will be there, whether OpenCode tells it already or not; unless the feed forgets it.
    const place = { feed, ordinal: feed.ring.end };
    const known = new Map([[this.sessionId, sequence - 1]]);
    const stored = await this.ask(() => this.source.history.read({ rootId: this.sessionId, known }));
    if (stored === undefined) return this.untilReached();
    const own = stored.find(({ content }) => content.sessionId === this.sessionId);
    if (own?.content.sequence !== sequence) return undefined;
    this.position = { sequence, eventId: this.position.eventId ?? own.content.eventId };
    for (const { content } of stored) {
      const wait = content.type === 'unseen' ? undefined : this.give(content);
      if (wait !== undefined) await wait;
      if (this.subscriber.closed) return place;
    }
    this.position = { sequence: lastOf(stored, this.sessionId) ?? sequence, eventId: stored.at(-1)?.content.eventId };
    await this.untilArrived(feed);
    this.teach(place, stored);
    return place;
  }

  /** The feed's present is older than what the reader was given until that has arrived there too. */
  private async untilArrived({ positions }: SessionFeed): Promise<void> {
    const { eventId = '' } = this.position;
    const beganAtMs = Date.now();
    const isLate = (): boolean => Date.now() - beganAtMs > (positions.isEmpty ? FIRST_LAG_MS : LAG_MS);
    while (positions.newestEventId < eventId && !isLate() && !this.subscriber.closed) await delay(CHECK_MS);
  }

  /** A reader that was told of its position elsewhere, or had made it a moment ago, may be ahead of us. */
  private async untilReached(): Promise<Place | undefined> {
    const feed = this.source.feeds.of(this.sessionId);
    for (const deadlineMs = Date.now() + REACH_MS; !this.isBehindUs(feed) && Date.now() < deadlineMs;) await delay(CHECK_MS);
    return this.findPlace();
  }

  /** What the feed does not know yet: whose the sub-agents are and, if it was told of nothing, how far the history goes. */
  private teach({ feed, ordinal }: Place, stored: readonly StoredEvent[]): void {
    const { feeds } = this.source;
    for (const { content } of stored) {
      const { sessionId } = content;
      if (sessionId !== this.sessionId && !feeds.isPlaced(sessionId)) feeds.place(sessionId, this.sessionId);
    }
    // What it forgot meanwhile it may have missed; others who follow already have not been told.
    const isFresh = feeds.of(this.sessionId) === feed && feed.ring.from(ordinal) !== undefined;
    if (!isFresh || feed.followers.size > 0 || !feed.positions.isEmpty) return;
    for (const { content } of stored) feed.positions.note(content.sessionId, content.sequence, content.eventId);
  }

  /** An answer of OpenCode, once it is there; undefined when the reader has left before. */
  private async ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    while (!this.subscriber.closed) {
      await this.source.untilReady();
      try {
        return await question();
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code !== 'UNAVAILABLE') throw error;
        await delay(AWAY_CHECK_MS);
      }
    }
    return undefined;
  }

  /** Gives an event unless the reader has it. */
  private give(event: GatewayEvent): Promise<void> | undefined {
    if (event.sequence !== undefined && !isBehind(event, event.sequence, this.sessionId, this.position)) return undefined;
    if (wants(this.follower, event)) this.follower.next(event);
    if (event.sequence !== undefined) {
      const sequence = event.sessionId === this.sessionId ? event.sequence : this.position.sequence;
      this.position = { sequence, eventId: event.eventId === '' ? undefined : event.eventId };
    }
    const ready = untilReady(this.subscriber);
    return ready && limited(ready);
  }
}

function isBehind(event: GatewayEvent, eventSequence: number, sessionId: string, { sequence, eventId = '' }: Position): boolean {
  return event.sessionId === sessionId ? eventSequence > sequence : event.eventId > eventId;
}

function lastOf(stored: readonly StoredEvent[], sessionId: string): number | undefined {
  return stored.findLast(({ content }) => content.sessionId === sessionId)?.content.sequence;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function limited(ready: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), STALLED_MS);
  });
  await Promise.race([ready, stalled]).finally(() => clearTimeout(timer));
}

function tooSlow(): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', 'The reader is too slow: it takes nothing of what it missed', { reason: 'SLOW_READER' });
}
