import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BehaviorSubject, filter, firstValueFrom, Observable, Subject, type Subscriber } from 'rxjs';
import { CONFIG, type Config } from '../../common/config/config.js';
import { shuttingDown } from '../../common/errors/gateway-error.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { SessionOwners } from '../session/session.owners.js';
import { CatchUp } from './catch-up.js';
import { EventTally } from './event-tally.js';
import { EventIntake } from './event.intake.js';
import type { GatewayEvent, Position, WatchOptions } from './event.model.js';
import { readSessionState } from './event.present.js';
import { Feeds } from './feeds.js';
import { wants, type Follower, type SessionFeed } from './session-feed.js';
import { WatchingFollower } from './watching-follower.js';

/**
 * Everything that happens in OpenCode, told to whoever follows it.
 *
 * One upstream connection feeds all readers. Events of a sub-agent's session go to the followers of its root.
 */
@Injectable()
export class EventHub implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(EventHub.name);
  private readonly feeds: Feeds;
  private readonly intakes: ReadonlyMap<OpencodeMember, EventIntake>;
  /** Every caller's subscription, also those still catching up. */
  private readonly watching = new Set<WatchingFollower>();
  private readonly ready = new BehaviorSubject(false);
  private readonly reconnected = new Subject<void>();
  private closed = false;
  private recallEnd: (sessionId: string) => Promise<GatewayEvent | undefined> = () => Promise.resolve(undefined);
  readonly tally = new EventTally();

  /** Whether OpenCode's events arrive; until then no prompt may be sent, for its answer could be missed. */
  readonly ready$: Observable<boolean> = this.ready.asObservable();
  /** After a pause in OpenCode's events, once the present state was read again. */
  readonly reconnected$: Observable<void> = this.reconnected.asObservable();

  constructor(
    private readonly pool: OpencodePool,
    owners: SessionOwners,
    @Inject(CONFIG) config: Config,
  ) {
    this.feeds = new Feeds({ maxEvents: config.REPLAY_EVENTS, maxBytes: config.REPLAY_BYTES });
    this.intakes = new Map(
      pool.all().map((member) => [member, new EventIntake(member, { feeds: this.feeds, owners, tally: this.tally }, config.RESUME_BYTES)]),
    );
  }

  get isReady(): boolean {
    return this.ready.value;
  }

  /** How to find out how a session's last turn ended; turns stand above events, so they say it themselves. */
  onResume(recallEnd: (sessionId: string) => Promise<GatewayEvent | undefined>): void {
    this.recallEnd = recallEnd;
  }

  onApplicationBootstrap(): void {
    for (const [{ events }, intake] of this.intakes) {
      events.start({
        onFrame: (frame, size) => intake.onFrame(frame, size),
        onConnected: () => this.onConnected(intake),
        onLost: () => {
          this.ready.next(false);
          intake.onLost();
        },
      });
    }
  }

  onModuleDestroy(): void {
    this.close();
    for (const { events } of this.intakes.keys()) events.stop();
    this.feeds.close();
  }

  /** Ends every watcher with UNAVAILABLE, so that readers come back to another replica. */
  close(): void {
    this.closed = true;
    for (const follower of [...this.watching]) follower.end(shuttingDown());
  }

  /** Everything a reader may hear from now on, after the present state of what runs; behind an event where it is still kept, or a resync. */
  watchAll({ textMode, hears }: Pick<Follower, 'textMode' | 'hears'>, afterEventId?: string): Observable<GatewayEvent> {
    return this.follow({ textMode, durableOnly: false, sessionId: undefined, hears }, (follower) => {
      if (afterEventId !== undefined) this.resumeEverywhere(afterEventId, follower);
      for (const feed of this.feeds.all()) tellAll(feed.snapshot(), follower);
      this.feeds.everywhere.add(follower);
      return () => this.feeds.everywhere.delete(follower);
    });
  }

  /**
   * One session and its sub-agents: what came behind a position (or a resync and the state when that is gone), the present
   * state of what runs, then everything until unsubscribed, without a gap and each durable event once.
   */
  watchSession(sessionId: string, { textMode, durableOnly = false, after }: WatchOptions): Observable<GatewayEvent> {
    const ofChild = this.rootIdOf(sessionId) !== sessionId;
    return this.follow({ textMode, durableOnly, sessionId: ofChild ? sessionId : undefined }, (follower, subscriber) => {
      const join = (feed: SessionFeed, present: readonly GatewayEvent[]): void => {
        tellAll(present, follower);
        follower.joined(present);
        // The present may have been too much for it.
        if (!subscriber.closed) feed.followers.add(follower);
      };
      const catchUp = new CatchUp(this.sourceFor(sessionId), sessionId, follower, subscriber, (feed, sequence, position) => {
        follower.passOver(sessionId, position);
        join(feed, feed.snapshotSince(sessionId, sequence));
      });
      follower.onLostTrack = (lastSequence) => {
        this.feeds.find(sessionId)?.followers.delete(follower);
        catchUp.resync(lastSequence).catch((error: unknown) => follower.end(error));
      };
      const feed = this.feeds.of(sessionId);
      if (after === undefined) join(feed, feed.snapshot());
      else catchUp.resume(after).catch((error: unknown) => follower.end(error));
      return () => this.feeds.find(sessionId)?.followers.delete(follower);
    });
  }

  /** The newest event of all that is known. */
  get newestEventId(): string | undefined {
    return this.feeds.recent.newestEventId;
  }

  /** A session's newest durable event, if one was told here. */
  positionOf(sessionId: string): Position | undefined {
    const last = this.feeds.find(sessionId)?.positions.of(sessionId);
    return last && { sequence: last.sequence };
  }

  /** For the gateway itself: every event of a session and its sub-agents but growing text, until it stops listening, shutdown or not. */
  listen(sessionId: string, next: (event: GatewayEvent) => void): () => void {
    const feed = this.feeds.of(sessionId);
    const follower = toListener(next);
    feed.snapshot().forEach(next);
    feed.followers.add(follower);
    return () => feed.followers.delete(follower);
  }

  /** The same of every session, from now on. */
  listenAll(next: (event: GatewayEvent) => void): () => void {
    const follower = toListener(next);
    this.feeds.everywhere.add(follower);
    return () => this.feeds.everywhere.delete(follower);
  }

  /** Tells an event of our own, such as a turn's state. */
  publish(event: GatewayEvent): void {
    this.feeds.of(event.sessionId).publish(event, 0);
  }

  /** Says whose a session is that was made before we listened: its own, or part of its parent's. */
  place(sessionId: string, parentId: string | undefined): void {
    this.feeds.place(sessionId, parentId);
  }

  isPlaced(sessionId: string): boolean {
    return this.feeds.isPlaced(sessionId);
  }

  isBusy(sessionId: string): boolean {
    return this.feeds.find(sessionId)?.isBusy(sessionId) ?? false;
  }

  /** Sessions in which OpenCode works, and their directories. */
  busySessions(): { readonly sessionId: string; readonly directory: string }[] {
    return [...this.feeds.all()].flatMap((feed) => feed.statusEvents()).map(({ sessionId, directory }) => ({ sessionId, directory }));
  }

  /** The present state of one session, as events. */
  present(sessionId: string): GatewayEvent[] {
    return this.feeds.find(sessionId)?.snapshot() ?? [];
  }

  /** How many follow a session or its root. */
  followerCount(sessionId: string): number {
    return this.feeds.find(sessionId)?.followers.size ?? 0;
  }

  /** What a session and its sub-agents wait for; without a session, everything. */
  pendingPermissions(sessionId?: string): ReturnType<SessionFeed['pendingPermissions']> {
    return this.feedsFor(sessionId)
      .flatMap((feed) => feed.pendingPermissions())
      .filter(({ permission }) => this.belongs(permission.sessionId, sessionId));
  }

  pendingQuestions(sessionId?: string): ReturnType<SessionFeed['pendingQuestions']> {
    return this.feedsFor(sessionId)
      .flatMap((feed) => feed.pendingQuestions())
      .filter(({ question }) => this.belongs(question.sessionId, sessionId));
  }

  /** The session whose followers hear of this one: itself, or the root above it. */
  rootIdOf(sessionId: string): string {
    return this.feeds.rootIdOf(sessionId);
  }

  /** A root is asked for with its sub-agents, a sub-agent alone. */
  private belongs(askingId: string, sessionId: string | undefined): boolean {
    return sessionId === undefined || sessionId === askingId || sessionId === this.rootIdOf(askingId);
  }

  private feedsFor(sessionId: string | undefined): SessionFeed[] {
    if (sessionId === undefined) return [...this.feeds.all()];
    const feed = this.feeds.find(sessionId);
    return feed === undefined ? [] : [feed];
  }

  private follow(
    wish: Pick<Follower, 'textMode' | 'durableOnly' | 'sessionId' | 'hears'>,
    attach: (follower: WatchingFollower, subscriber: Subscriber<GatewayEvent>) => () => void,
  ): Observable<GatewayEvent> {
    return new Observable((subscriber) => {
      if (this.closed) return subscriber.error(shuttingDown());
      const follower = new WatchingFollower(wish, subscriber, this.tally);
      this.watching.add(follower);
      const detach = attach(follower, subscriber);
      return () => {
        this.watching.delete(follower);
        detach();
      };
    });
  }

  private resumeEverywhere(afterEventId: string, follower: WatchingFollower): void {
    const { recent } = this.feeds;
    const missed = recent.from(recent.ordinalBehindEvent(afterEventId) ?? -1);
    if (missed !== undefined) return tellAll(missed, follower);
    follower.resync({ type: 'resync', directory: '', sessionId: '', eventId: '', sequence: undefined, lastSequence: 0 });
  }

  private sourceFor(sessionId: string) {
    const member = this.pool.forSession(sessionId);
    const intake = this.intakes.get(member);
    if (intake === undefined) throw new Error('an OpenCode joined the pool after the start');
    return {
      feeds: this.feeds,
      history: intake.history,
      untilReady: () => (this.isReady ? undefined : firstValueFrom(this.ready$.pipe(filter(Boolean)))),
      readState: (id: string) => readSessionState(member, id),
      recallEnd: (id: string) => this.recallEnd(id),
    };
  }

  private async onConnected(intake: EventIntake): Promise<void> {
    const wasConnected = await intake.onConnected();
    this.ready.next(true);
    if (wasConnected) this.reconnected.next();
    else this.logger.log('OpenCode is ready');
  }
}

function tellAll(events: readonly GatewayEvent[], follower: Follower): void {
  for (const event of events) if (wants(follower, event)) follower.next(event);
}

function toListener(next: (event: GatewayEvent) => void): Follower {
  return { textMode: 'none', durableOnly: false, sessionId: undefined, next, loseTrack: next, end: () => undefined };
}
