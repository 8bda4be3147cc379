import type { Subscriber } from 'rxjs';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { untilReady } from '../../common/streams/paced-subscriber.js';
import type { EventHistory, StoredEvent } from './event.history.js';
import type { GatewayEvent, Position } from './event.model.js';
import type { Feeds } from './feeds.js';
import { wants, type Follower, type SessionFeed } from './session-feed.js';

/** A reader that takes nothing of its backlog for so long is ended: the backlog is held for it. */
const STALLED_MS = 30_000;
/** How long what a reader had from another replica may take to arrive here. */
const LAG_MS = 5_000;
const REACH_MS = 1_000;
const LAG_CHECK_MS = 20;
/** OpenCode may be away a moment before its events are known to stay away. */
const AWAY_CHECK_MS = 250;
/** A reader that finds its place gone again so often is told to read the state. */
const MAX_ATTEMPTS = 3;

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
    private readonly follower: Follower,
    private readonly subscriber: Subscriber<GatewayEvent>,
    /** Lets the reader follow from now on; it was away since the position. */
    private readonly join: (feed: SessionFeed, sequence: number) => void,
  ) {}

  /** Resolves when the reader follows, or has left. @throws GatewayError RESOURCE_EXHAUSTED when it takes nothing */
  async resume(after: Position): Promise<void> {
    this.position = after;
    this.awaySince = after.sequence;
    if (!this.source.feeds.of(this.sessionId).knowsTurns) await this.recallEnd();
    for (let attempt = 1; !this.subscriber.closed; attempt += 1) {
      const feed = this.source.feeds.of(this.sessionId);
      const ordinal = this.isBehindUs(feed) ? feed.ring.ordinalBehind(this.sessionId, this.position) : undefined;
      if (ordinal !== undefined) {
        if (await this.readRing(feed, ordinal)) return;
      } else if (attempt > MAX_ATTEMPTS || !(await this.goOn())) {
        return this.resync();
      }
    }
  }

  /** Says that the reader's position means nothing any more, gives the present state, and goes on from there. @throws GatewayError as `resume`; UNAVAILABLE */
  async resync(lastKnown = 0): Promise<void> {
    this.awaySince = lastKnown;
    await this.source.untilReady();
    if (this.subscriber.closed) return;
    const feed = this.source.feeds.of(this.sessionId);
    const ordinal = feed.ring.end;
    const lastSequence = feed.positions.of(this.sessionId)?.sequence ?? lastKnown;
    this.follower.next({ type: 'resync', directory: '', sessionId: this.sessionId, eventId: '', sequence: undefined, lastSequence });
    for (const event of (await this.ask(() => this.source.readState(this.sessionId))) ?? []) {
      const wait = this.give(event);
      if (wait !== undefined) await wait;
    }
    if (this.subscriber.closed || (await this.readRing(feed, ordinal))) return;
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

  /** Not so when another replica was quicker, and what the reader has from it is still to come here. */
  private isBehindUs(feed: SessionFeed): boolean {
    return this.position.sequence <= (feed.positions.of(this.sessionId)?.sequence ?? -1);
  }

  /** True once nothing is left and the reader follows; false when its place was dropped meanwhile, or it left. */
  private async readRing(feed: SessionFeed, from: number): Promise<boolean> {
    for (let ordinal = from; ;) {
      const missed = feed.ring.from(ordinal);
      if (missed === undefined) return false;
      if (missed.length === 0) {
        this.join(feed, this.awaySince);
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

  /** False when what came behind the position cannot be had. */
  private async goOn(): Promise<boolean> {
    const outcome = await this.readHistory();
    return outcome === 'read' || (outcome === 'refused' && (await this.isReached()));
  }

  private async readHistory(): Promise<'read' | 'refused' | 'unknown position'> {
    const { sequence } = this.position;
    const known = new Map([[this.sessionId, sequence - 1]]);
    const stored = await this.ask(() => this.source.history.read({ rootId: this.sessionId, known }));
    if (stored === undefined) return 'refused';
    const own = stored.find(({ content }) => content.sessionId === this.sessionId);
    if (own?.content.sequence !== sequence) return 'unknown position';
    const eventId = this.position.eventId ?? own.content.eventId;
    const missed = stored.filter(({ content }) => isBehind(content, this.sessionId, { sequence, eventId }));
    for (const { content } of missed) {
      const wait = content.type === 'unseen' ? undefined : this.give(content);
      if (wait !== undefined) await wait;
      if (this.subscriber.closed) return 'read';
    }
    this.position = { sequence: lastOf(stored, this.sessionId) ?? sequence, eventId: stored.at(-1)?.content.eventId };
    await this.agree(stored);
    return 'read';
  }

  /** Whether the session soon goes beyond the position of a reader that was told of it elsewhere, or had made it a moment ago. */
  private async isReached(): Promise<boolean> {
    const feed = this.source.feeds.of(this.sessionId);
    for (const deadlineMs = Date.now() + REACH_MS; !this.isBehindUs(feed) && Date.now() < deadlineMs;) await delay(LAG_CHECK_MS);
    return this.isBehindUs(feed) && feed.ring.ordinalBehind(this.sessionId, this.position) !== undefined;
  }

  /** The feed must know how far the history goes: what arrives of it later is then no news. */
  private async agree(stored: readonly StoredEvent[]): Promise<void> {
    const feed = this.source.feeds.of(this.sessionId);
    const lasts = new Map(stored.map(({ content }) => [content.sessionId, content]));
    for (const [sessionId, { sequence, eventId }] of lasts) {
      if (feed.positions.of(sessionId) !== undefined) continue;
      if (sessionId !== this.sessionId) this.source.feeds.link(sessionId, this.sessionId);
      feed.positions.note(sessionId, sequence, eventId);
      feed.ring.beginWith(sessionId, sequence);
    }
    const lags = (): boolean => [...lasts].some(([id, { sequence }]) => (feed.positions.of(id)?.sequence ?? sequence) < sequence);
    for (const deadlineMs = Date.now() + LAG_MS; lags() && Date.now() < deadlineMs;) await delay(LAG_CHECK_MS);
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

  private give(event: GatewayEvent): Promise<void> | undefined {
    if (wants(this.follower, event)) this.follower.next(event);
    if (event.sequence !== undefined) {
      const sequence = event.sessionId === this.sessionId ? event.sequence : this.position.sequence;
      this.position = { sequence, eventId: event.eventId === '' ? undefined : event.eventId };
    }
    const ready = untilReady(this.subscriber);
    return ready && limited(ready);
  }
}

function isBehind(content: StoredEvent['content'], sessionId: string, { sequence, eventId }: Required<Position>): boolean {
  return content.sessionId === sessionId ? content.sequence > sequence : content.eventId > (eventId ?? '');
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
