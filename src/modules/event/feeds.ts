import type { ReplayBounds } from './replay-ring.js';
import { ReplayRing } from './replay-ring.js';
import { SessionFeed, type Follower } from './session-feed.js';

/** Feeds of sessions in which nothing happens are forgotten beyond this number, the least recently used first. */
const MAX_FEEDS = 300;
/** Readers of every session resume within the newest events of all; there are more of these than of one session's. */
const EVERYWHERE_FACTOR = 8;

/** The feeds of all root sessions, found by the id of any session in them. Nothing here costs more the more sessions there are. */
export class Feeds {
  /** Those who follow every session. */
  readonly everywhere = new Set<Follower>();
  /** The newest durable events of every session. */
  readonly recent: ReplayRing;
  private readonly byRoot = new Map<string, SessionFeed>();
  private readonly rootOf = new Map<string, string>();
  private readonly roots = new Set<string>();

  constructor(private readonly bounds: ReplayBounds) {
    const { maxEvents, maxBytes } = bounds;
    this.recent = new ReplayRing({ maxEvents: maxEvents * EVERYWHERE_FACTOR, maxBytes: maxBytes * EVERYWHERE_FACTOR });
  }

  all(): IterableIterator<SessionFeed> {
    return this.byRoot.values();
  }

  /** The session whose followers hear of this one: itself, or the root above it. */
  rootIdOf(sessionId: string): string {
    return this.rootOf.get(sessionId) ?? sessionId;
  }

  find(sessionId: string): SessionFeed | undefined {
    return this.byRoot.get(this.rootIdOf(sessionId));
  }

  of(sessionId: string): SessionFeed {
    const rootId = this.rootIdOf(sessionId);
    let feed = this.byRoot.get(rootId);
    if (feed === undefined) {
      feed = new SessionFeed(rootId, this.bounds, this.everywhere);
      this.byRoot.set(rootId, feed);
      this.forgetOldest();
    }
    return feed;
  }

  /** Keeps a feed in which something happens young. */
  touch(feed: SessionFeed): void {
    this.byRoot.delete(feed.rootId);
    this.byRoot.set(feed.rootId, feed);
  }

  /** Whether it is known whose a session is. */
  isPlaced(sessionId: string): boolean {
    return this.roots.has(sessionId) || this.rootOf.has(sessionId);
  }

  /** A session is its own root, or part of its parent's feed. */
  place(sessionId: string, parentId: string | undefined): void {
    if (parentId !== undefined) return this.link(sessionId, parentId);
    this.of(sessionId);
    this.roots.add(sessionId);
  }

  private link(childId: string, parentId: string): void {
    const rootId = this.rootIdOf(parentId);
    if (this.rootOf.get(childId) === rootId) return;
    this.rootOf.set(childId, rootId);
    if (this.byRoot.get(childId)?.isIdle === true) this.byRoot.delete(childId);
    this.of(rootId).members.add(childId);
  }

  close(): void {
    for (const feed of this.byRoot.values()) feed.close();
  }

  /** One old feed at a time, as one new one came: a busy one goes back to the young end. */
  private forgetOldest(): void {
    if (this.byRoot.size <= MAX_FEEDS) return;
    const [oldest] = this.byRoot.values();
    if (oldest === undefined) return;
    if (!oldest.isIdle) return this.touch(oldest);
    this.byRoot.delete(oldest.rootId);
    this.roots.delete(oldest.rootId);
    oldest.close();
    for (const memberId of oldest.members) this.rootOf.delete(memberId);
  }
}
