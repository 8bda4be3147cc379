import { unlessMissing } from '../../common/errors/gateway-error.js';
import type { OpencodeMember } from '../../common/opencode/opencode.pool.js';
import type { UpstreamFrame, UpstreamSession } from '../../common/opencode/opencode.types.js';
import { EventLag } from './event-lag.js';
import type { EventTally } from './event-tally.js';
import { EventHistory, type StoredEvent } from './event.history.js';
import { fromUpstreamFrame, type OrderedContent } from './event.mapper.js';
import type { GatewayEvent } from './event.model.js';
import { readPresent, type Concerned, type Present } from './event.present.js';
import type { Feeds } from './feeds.js';
import { RecentIds } from './recent-ids.js';
import { fromUpstreamSession } from '../session/session.mapper.js';
import type { SessionOwners } from '../session/session.owners.js';
import { wants, type SessionFeed } from './session-feed.js';

/** Where what OpenCode tells goes. */
export interface IntakeTargets {
  readonly feeds: Feeds;
  readonly owners: Pick<SessionOwners, 'note'>;
  readonly tally: EventTally;
}

/** What may wait while missed events are read; a connection that brings more is begun anew. */
const MAX_HELD_FRAMES = 20_000;
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;
/** Of growing text only every so manieth delta is asked for its age: there are thousands of them. */
const SAMPLED_DELTAS = 64;

interface Held {
  readonly frame: UpstreamFrame;
  readonly size: number;
}

/**
 * The way of OpenCode's frames into the feeds: each durable event once and in order, whatever the connection does.
 *
 * After a connect frames wait until what was missed is read from OpenCode's history. Where that cannot be had, followers
 * begin anew. A connection on which a number is missing is as good as broken: it is begun anew too.
 */
export class EventIntake {
  readonly history: EventHistory;
  private readonly recentIds = new RecentIds();
  /** Frames that wait for what was missed before them; undefined while events flow. */
  private held: Held[] | undefined = [];
  private heldCharacters = 0;
  /** Counts the connections: what was begun on one that is gone must not finish on the next. */
  private connection = 0;
  private wasConnected = false;
  /** By OpenCode's clock. */
  private connectedAtMs = Infinity;
  /** Of sessions without a place yet, as OpenCode listed them when we connected, or told later; undefined for roots. */
  private parents = new Map<string, string | undefined>();
  private readonly feeds: Feeds;
  private readonly lag = new EventLag();
  private deltas = 0;

  constructor(
    private readonly member: OpencodeMember,
    private readonly targets: IntakeTargets,
    historyBytes: number,
  ) {
    this.feeds = targets.feeds;
    this.history = new EventHistory(member, historyBytes);
  }

  /** @throws Error when events were lost, or more come than can wait: the connection must be begun anew */
  onFrame(frame: UpstreamFrame, size: number): void {
    if (this.held === undefined) return this.handle(frame, size);
    this.held.push({ frame, size });
    this.heldCharacters += size;
    if (this.held.length > MAX_HELD_FRAMES || this.heldCharacters > MAX_HELD_CHARACTERS) throw new Error('too many events wait');
  }

  onLost(): void {
    this.connection += 1;
    this.hold();
  }

  /** Reads what happened before the connect; true when it was not the first. */
  async onConnected(): Promise<boolean> {
    const { connection } = this;
    this.connectedAtMs = this.member.clock.nowMs();
    this.lag.begin();
    const feeds = [...this.feeds.all()];
    const [present, missed] = await Promise.all([
      readPresent(this.member, this.concerned(), Date.now()),
      this.readMissed(feeds),
      this.member.client.warmUp(this.member.workspace.root),
    ]);
    if (connection !== this.connection) throw new Error('the connection was lost meanwhile');
    this.parents = present.parents;
    for (const session of present.sessions) this.targets.owners.note(session);
    feeds.forEach((feed, index) => this.fill(feed, missed[index]));
    if (this.wasConnected) this.tellEverywhere();
    this.closeGhosts(present);
    for (const event of present.events) {
      this.placeKnown(event.sessionId);
      if (!this.isKnown(event)) this.publish(event, 0);
    }
    const wasConnected = this.wasConnected;
    this.wasConnected = true;
    this.release();
    return wasConnected;
  }

  /** Tells an event that has no place in the history. */
  publish(event: GatewayEvent, size: number): void {
    this.feeds.of(event.sessionId).publish(event, size);
  }

  private concerned(): Concerned[] {
    return [...this.feeds.all()].flatMap((feed) => [...feed.statusEvents(), ...feed.pendingEvents()]);
  }

  private hold(): void {
    this.held = [];
    this.heldCharacters = 0;
  }

  private release(): void {
    const { held } = this;
    this.held = undefined;
    this.heldCharacters = 0;
    for (const { frame, size } of held ?? []) this.onFrame(frame, size);
  }

  private handle(frame: UpstreamFrame, size: number): void {
    const { workspace, clock } = this.member;
    const { id, type } = frame.payload;
    const nowMs = Date.now();
    // A growing text's ids tell nothing new, and there are thousands of them.
    if (id !== undefined && type !== 'message.part.delta') clock.observe(id, nowMs);
    if (frame.directory !== undefined && frame.directory !== 'global' && !workspace.contains(frame.directory)) return;
    const content = fromUpstreamFrame(frame, nowMs);
    this.targets.tally.count(content);
    if (content === undefined) return;
    if (content.type === 'text_growth') {
      this.feeds.find(content.sessionId)?.grow(content);
      this.deltas += 1;
      if (this.deltas % SAMPLED_DELTAS !== 0) return;
    } else if (!this.isPlaced(content)) {
      return this.lookUp(content.sessionId, { frame, size });
    } else if (content.sequence !== undefined) {
      this.receive(content, content.sequence, size);
    } else if (this.recentIds.add(content.eventId)) {
      this.tellTransient(content);
    }
    this.observeLag(content.eventId);
  }

  /** Behind the writes: those who read have it now, but for whom it waits. */
  private observeLag(eventId: string): void {
    const lagS = this.lag.observe(eventId, Date.now());
    if (lagS !== undefined) this.targets.tally.lag$.next(lagS);
  }

  private tellTransient(content: OrderedContent): void {
    if (content.type === 'file_edited') {
      const event = { ...content, path: this.member.workspace.relativePath(content.path) };
      for (const follower of this.feeds.everywhere) if (wants(follower, event)) follower.next(event);
    } else if (content.type !== 'unseen' && content.sessionId !== '') {
      this.publish(content, 0);
    }
  }

  /** A durable event off the connection. @throws Error when events of its session were lost before it */
  private receive(content: OrderedContent, sequence: number, size: number): void {
    const feed = this.feeds.of(content.sessionId);
    const arrival = feed.positions.arrivalOf(content.sessionId, sequence);
    if (arrival === 'gap') throw this.hole(`events of session ${content.sessionId} were lost before number ${sequence}`);
    if (arrival === 'next') this.take(feed, content, sequence, size);
  }

  private hole(what: string): Error {
    this.targets.tally.holes += 1;
    return new Error(what);
  }

  /** Whether it is known whose followers hear of an event. A session's first event says it. */
  private isPlaced(content: OrderedContent): boolean {
    const { sessionId, sequence } = content;
    if (sessionId === '' || this.feeds.isPlaced(sessionId)) return true;
    if (content.type === 'session_updated') this.parents.set(sessionId, content.session.parentId);
    else if (sequence === 0) this.parents.set(sessionId, undefined);
    return this.placeKnown(sessionId);
  }

  private placeKnown(sessionId: string): boolean {
    if (this.feeds.isPlaced(sessionId)) return true;
    if (!this.parents.has(sessionId)) return false;
    const parentId = this.parents.get(sessionId);
    if (parentId !== undefined && !this.placeKnown(parentId)) return false;
    this.feeds.place(sessionId, parentId);
    this.parents.delete(sessionId);
    return true;
  }

  /** Asks OpenCode whose a session is that was used long ago; what comes meanwhile waits. A new one must have been heard of. */
  private lookUp(sessionId: string, first: Held): void {
    this.hold();
    this.held = [first];
    const { connection } = this;
    const answer = async (): Promise<void> => {
      for (let id: string | undefined = sessionId; id !== undefined && !this.placeKnown(id); id = this.parents.get(id)) {
        const session: UpstreamSession | undefined = await this.member.client.session(id).catch(unlessMissing);
        this.parents.set(id, session?.parentID);
        if (session !== undefined) this.targets.owners.note(fromUpstreamSession(session));
        if (session !== undefined && session.time.created > this.connectedAtMs) throw this.hole(`the beginning of session ${id} was lost`);
      }
      this.placeKnown(sessionId);
      if (connection === this.connection) this.release();
    };
    answer().catch((error: unknown) => this.member.events.reconnect(error));
  }

  private take(feed: SessionFeed, content: OrderedContent, sequence: number, size: number): void {
    const { sessionId, eventId } = content;
    feed.positions.note(sessionId, sequence, eventId);
    this.feeds.touch(feed);
    if (sequence === 0 && sessionId === feed.rootId) feed.ring.beginBehind({ sessionId, sequence: -1, eventId: '' });
    if (content.type === 'unseen') return;
    if (content.type === 'session_updated') this.targets.owners.note(content.session);
    const rootSequence = sessionId === feed.rootId ? undefined : feed.positions.of(feed.rootId)?.sequence;
    const event = rootSequence === undefined ? content : { ...content, rootSequence };
    this.feeds.recent.push(event, size);
    feed.publish(event, size);
    if (event.type === 'session_deleted') feed.positions.forget(sessionId);
  }

  /** What came behind the positions of each feed, the last known event included; undefined where it cannot be had, or is not needed. */
  private readMissed(feeds: readonly SessionFeed[]): Promise<(StoredEvent[] | undefined)[]> {
    return Promise.all(
      feeds.map(async (feed) => {
        const known = feed.positions.beforeLast();
        return feed.isIdle || known.size === 0 ? undefined : this.history.read({ rootId: feed.rootId, known });
      }),
    );
  }

  private fill(feed: SessionFeed, missed: readonly StoredEvent[] | undefined): void {
    feed.loseTexts();
    if (feed.isIdle) return feed.forgetHistory();
    if (missed === undefined || !feed.positions.isContinuedBy(missed.map(({ content }) => content))) return feed.loseTrack();
    const { newestEventId } = feed.positions;
    for (const { content, size } of missed) {
      const { sessionId, sequence, eventId } = content;
      // A sub-agent whose events we never heard may have made some before we listened.
      if (feed.positions.of(sessionId) === undefined && eventId <= newestEventId) continue;
      // Those of the tree that are new here were made meanwhile.
      if (!this.isPlaced(content)) this.feeds.place(sessionId, feed.rootId);
      const own = this.feeds.of(sessionId);
      if (own.positions.arrivalOf(sessionId, sequence) === 'next') this.take(own, content, sequence, size);
    }
    feed.loseTexts();
  }

  /** Nobody knows what those sessions did that nobody followed. */
  private tellEverywhere(): void {
    this.feeds.recent.clear();
    const event = { type: 'resync', directory: '', sessionId: '', eventId: '', sequence: undefined, lastSequence: 0 } as const;
    for (const follower of this.feeds.everywhere) follower.loseTrack(event);
  }

  private isKnown(event: GatewayEvent): boolean {
    return this.feeds.find(event.sessionId)?.hasTold(event) ?? false;
  }

  /** Requests that ended while we were not listening. */
  private closeGhosts({ askedIds, unread }: Present): void {
    for (const feed of this.feeds.all()) {
      for (const event of feed.pendingEvents()) {
        const { directory, sessionId } = event;
        if (unread.has(directory)) continue;
        const origin = { directory, sessionId, eventId: '', sequence: undefined };
        if (event.type === 'permission_asked' && !askedIds.has(event.permission.id)) {
          feed.publish({ ...origin, type: 'permission_replied', permissionId: event.permission.id, reply: 'reject' }, 0);
        } else if (event.type === 'question_asked' && !askedIds.has(event.question.id)) {
          feed.publish({ ...origin, type: 'question_closed', questionId: event.question.id, rejected: true }, 0);
        }
      }
    }
  }
}
