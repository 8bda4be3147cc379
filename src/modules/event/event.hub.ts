import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BehaviorSubject, Observable, Subject } from 'rxjs';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamFrame } from '../../common/opencode/opencode.types.js';
import { fromUpstreamFrame } from './event.mapper.js';
import type { GatewayEvent, TextMode, WatchOptions } from './event.model.js';
import { readPresent } from './event.resync.js';
import { FrameCounts } from './frame-counts.js';
import { SessionFeed, type Follower } from './session-feed.js';
import { WatchingFollower } from './watching-follower.js';

/** Feeds of sessions in which nothing happens are forgotten beyond this number, the least recently used first. */
const MAX_FEEDS = 300;

/**
 * Everything that happens in OpenCode, told to whoever follows it.
 *
 * One upstream connection feeds all readers. Events of a sub-agent's session go to the followers of its root.
 */
@Injectable()
export class EventHub implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(EventHub.name);
  private readonly feeds = new Map<string, SessionFeed>();
  private readonly rootOf = new Map<string, string>();
  private readonly everywhere = new Set<Follower>();
  private readonly ready = new BehaviorSubject(false);
  private readonly reconnected = new Subject<void>();
  private wasConnected = false;
  private closed = false;
  readonly frameCounts = new FrameCounts();

  /** Whether OpenCode's events arrive; until then no prompt may be sent, for its answer could be missed. */
  readonly ready$: Observable<boolean> = this.ready.asObservable();
  /** After a pause in OpenCode's events, once the present state was read again. */
  readonly reconnected$: Observable<void> = this.reconnected.asObservable();

  constructor(
    private readonly pool: OpencodePool,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  get isReady(): boolean {
    return this.ready.value;
  }

  onApplicationBootstrap(): void {
    for (const member of this.pool.all()) {
      member.events.start({
        onFrame: (frame, size) => this.onFrame(member, frame, size),
        onConnected: () => this.onConnected(member),
        onLost: () => this.ready.next(false),
      });
    }
  }

  onModuleDestroy(): void {
    this.close();
    for (const member of this.pool.all()) member.events.stop();
    for (const feed of this.feeds.values()) feed.close();
  }

  /** Ends every watcher with UNAVAILABLE, so that readers come back to another replica. */
  close(): void {
    this.closed = true;
    const followers = [...this.everywhere, ...[...this.feeds.values()].flatMap((feed) => [...feed.followers])];
    for (const follower of followers) follower.end(shuttingDown());
  }

  /** Everything from now on, after the present state of what runs. */
  watchAll(textMode: TextMode): Observable<GatewayEvent> {
    return this.follow({ textMode, durableOnly: false, sessionId: undefined }, (follower) => {
      for (const feed of this.feeds.values()) feed.snapshot().forEach((event) => follower.next(event));
      this.everywhere.add(follower);
      return () => this.everywhere.delete(follower);
    });
  }

  /**
   * One session and its sub-agents: what came after a position (or a resync when that is gone), the present state,
   * then everything until unsubscribed. All in one step, so there is no gap, and no duplicate of the session's own events;
   * those of its sub-agents may be told again, for a position counts the session's own.
   */
  watchSession(sessionId: string, { textMode, durableOnly = false, afterSequence }: WatchOptions): Observable<GatewayEvent> {
    const ofChild = this.rootIdOf(sessionId) !== sessionId;
    return this.follow({ textMode, durableOnly, sessionId: ofChild ? sessionId : undefined }, (follower) => {
      const feed = this.feedOf(sessionId);
      if (afterSequence !== undefined) this.resume(feed, sessionId, afterSequence, follower);
      for (const event of feed.snapshot()) if (isFor(follower, event)) follower.next(event);
      feed.followers.add(follower);
      return () => feed.followers.delete(follower);
    });
  }

  /** For the gateway itself: every event of a session and its sub-agents but growing text, until it stops listening, shutdown or not. */
  listen(sessionId: string, next: (event: GatewayEvent) => void): () => void {
    const feed = this.feedOf(sessionId);
    const follower = toListener(next);
    feed.snapshot().forEach(next);
    feed.followers.add(follower);
    return () => feed.followers.delete(follower);
  }

  /** The same of every session, from now on. */
  listenAll(next: (event: GatewayEvent) => void): () => void {
    const follower = toListener(next);
    this.everywhere.add(follower);
    return () => this.everywhere.delete(follower);
  }

  /** Tells an event of our own, such as a turn's state. */
  publish(event: GatewayEvent): void {
    this.feedOf(event.sessionId).publish(event, 0);
  }

  isBusy(sessionId: string): boolean {
    return this.feeds.get(this.rootIdOf(sessionId))?.isBusy(sessionId) ?? false;
  }

  /** Sessions in which OpenCode works, and their directories. */
  busySessions(): { readonly sessionId: string; readonly directory: string }[] {
    return [...this.feeds.values()].flatMap((feed) => feed.statusEvents()).map(({ sessionId, directory }) => ({ sessionId, directory }));
  }

  /** The present state of one session, as events. */
  present(sessionId: string): GatewayEvent[] {
    return this.feeds.get(this.rootIdOf(sessionId))?.snapshot() ?? [];
  }

  /** How many follow a session or its root. */
  followerCount(sessionId: string): number {
    return this.feeds.get(this.rootIdOf(sessionId))?.followers.size ?? 0;
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
    return this.rootOf.get(sessionId) ?? sessionId;
  }

  /** A root is asked for with its sub-agents, a sub-agent alone. */
  private belongs(askingId: string, sessionId: string | undefined): boolean {
    return sessionId === undefined || sessionId === askingId || sessionId === this.rootIdOf(askingId);
  }

  private follow(
    wish: Pick<Follower, 'textMode' | 'durableOnly' | 'sessionId'>,
    attach: (follower: Follower) => () => void,
  ): Observable<GatewayEvent> {
    return new Observable((subscriber) => {
      if (this.closed) return subscriber.error(shuttingDown());
      return attach(new WatchingFollower(wish, subscriber));
    });
  }

  private resume(feed: SessionFeed, sessionId: string, afterSequence: number, follower: Follower): void {
    const missed = feed.replay(sessionId, afterSequence);
    if (missed !== undefined) {
      for (const event of missed) if (isFor(follower, event)) follower.next(event);
      return;
    }
    const lastSequence = Math.max(feed.lastSequenceOf(sessionId), 0);
    follower.next({ type: 'resync', directory: '', sessionId, eventId: '', sequence: undefined, lastSequence });
  }

  private onFrame({ workspace, clock }: OpencodeMember, frame: UpstreamFrame, size: number): void {
    const nowMs = Date.now();
    // A growing text's ids tell nothing new, and there are thousands of them.
    if (frame.payload.id !== undefined && frame.payload.type !== 'message.part.delta') clock.observe(frame.payload.id, nowMs);
    if (frame.directory !== undefined && frame.directory !== 'global' && !workspace.contains(frame.directory)) return;
    const content = fromUpstreamFrame(frame, nowMs);
    this.frameCounts.count(content);
    if (content === undefined) return;
    if (content.type === 'text_growth') {
      this.feedOf(content.sessionId).grow(content);
    } else if (content.type === 'file_edited') {
      const event = { ...content, path: workspace.relativePath(content.path) };
      for (const follower of this.everywhere) follower.next(event);
    } else if (content.sessionId !== '') {
      if (content.type === 'session_updated' && content.session.parentId !== undefined)
        this.link(content.sessionId, content.session.parentId);
      const feed = this.feedOf(content.sessionId);
      if (content.sequence !== undefined) this.advance(feed, content.sessionId, content.sequence);
      if (content.type !== 'unseen') feed.publish(content, size);
    }
  }

  /** Durable events keep the feed young; a missing one makes what is kept worthless. */
  private advance(feed: SessionFeed, sessionId: string, sequence: number): void {
    this.feeds.delete(feed.rootId);
    this.feeds.set(feed.rootId, feed);
    if (!feed.advance(sessionId, sequence)) feed.loseTrack();
  }

  private async onConnected(member: OpencodeMember): Promise<void> {
    const present = await readPresent(member, this.busySessions(), Date.now());
    for (const { id, parentId } of present.children) this.link(id, parentId);
    if (this.wasConnected) for (const feed of this.feeds.values()) feed.loseTrack();
    this.closeGhosts(present.askedIds);
    for (const event of present.events) this.publish(event);
    this.ready.next(true);
    if (this.wasConnected) this.reconnected.next();
    else this.logger.log('OpenCode is ready');
    this.wasConnected = true;
  }

  /** Requests that ended while we were not listening. */
  private closeGhosts(askedIds: ReadonlySet<string>): void {
    for (const { permission, directory } of this.pendingPermissions()) {
      if (askedIds.has(permission.id)) continue;
      this.publish({
        type: 'permission_replied',
        sessionId: permission.sessionId,
        directory,
        eventId: '',
        sequence: undefined,
        permissionId: permission.id,
        reply: 'reject',
      });
    }
    for (const { question, directory } of this.pendingQuestions()) {
      if (askedIds.has(question.id)) continue;
      this.publish({
        type: 'question_closed',
        sessionId: question.sessionId,
        directory,
        eventId: '',
        sequence: undefined,
        questionId: question.id,
        rejected: true,
      });
    }
  }

  private link(childId: string, parentId: string): void {
    const rootId = this.rootIdOf(parentId);
    if (this.rootOf.get(childId) === rootId) return;
    this.rootOf.set(childId, rootId);
    this.feedOf(rootId).members.add(childId);
  }

  private feedsFor(sessionId: string | undefined): SessionFeed[] {
    if (sessionId === undefined) return [...this.feeds.values()];
    const feed = this.feeds.get(this.rootIdOf(sessionId));
    return feed === undefined ? [] : [feed];
  }

  private feedOf(sessionId: string): SessionFeed {
    const rootId = this.rootIdOf(sessionId);
    let feed = this.feeds.get(rootId);
    if (feed === undefined) {
      feed = new SessionFeed(rootId, { maxEvents: this.config.REPLAY_EVENTS, maxBytes: this.config.REPLAY_BYTES }, this.everywhere);
      this.feeds.set(rootId, feed);
      this.forgetOldest();
    }
    return feed;
  }

  /** One old feed at a time, as one new one came: a busy one goes back to the young end. */
  private forgetOldest(): void {
    if (this.feeds.size <= MAX_FEEDS) return;
    const [oldest] = this.feeds.values();
    if (oldest === undefined) return;
    this.feeds.delete(oldest.rootId);
    if (!oldest.isIdle) {
      this.feeds.set(oldest.rootId, oldest);
      return;
    }
    oldest.close();
    for (const memberId of oldest.members) this.rootOf.delete(memberId);
  }
}

function isFor(follower: Follower, event: GatewayEvent): boolean {
  return (
    (follower.sessionId === undefined || follower.sessionId === event.sessionId) && (!follower.durableOnly || event.sequence !== undefined)
  );
}

function toListener(next: (event: GatewayEvent) => void): Follower {
  return { textMode: 'none', durableOnly: false, sessionId: undefined, next, end: () => undefined };
}

function shuttingDown(): GatewayError {
  return new GatewayError('UNAVAILABLE', 'The gateway is shutting down', { reason: 'SHUTTING_DOWN', retryAfterMs: 1_000 });
}
