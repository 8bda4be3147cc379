import type { Permission } from '../permission/permission.model.js';
import type { Question } from '../question/question.model.js';
import type { GatewayEvent, TextDelta, TextGrowth, TextMode } from './event.model.js';
import { GrowingPart } from './growing-part.js';
import { ReplayRing, type ReplayBounds } from './replay-ring.js';

/** Accumulated text goes out at most this often per part: whole texts are quadratic on the wire. */
export const GROWTH_INTERVAL_MS = 50;

/** Somebody who gets events as they come. Must not throw and must not wait. */
export interface Follower {
  /** `none`: no growing text at all. */
  readonly textMode: TextMode | 'none';
  readonly durableOnly: boolean;
  /** Events of this session only; undefined: everything in the feed. */
  readonly sessionId: string | undefined;
  next(event: GatewayEvent): void;
  end(error: unknown): void;
}

type Pending = Extract<GatewayEvent, { type: 'permission_asked' | 'question_asked' }>;

interface Throttle {
  sentAtMs: number;
  timer: NodeJS.Timeout | undefined;
}

function wants(follower: Follower, event: GatewayEvent): boolean {
  if (follower.sessionId !== undefined && follower.sessionId !== event.sessionId) return false;
  return !follower.durableOnly || event.sequence !== undefined || event.type === 'resync';
}

/**
 * What is going on in one root session and its sub-agents' sessions: present state, newest history, followers.
 *
 * The cost of an event grows with the followers of this session alone.
 */
export class SessionFeed {
  readonly followers = new Set<Follower>();
  /** Sessions whose root this is, itself included. */
  readonly members = new Set<string>();
  private readonly ring: ReplayRing;
  private readonly lastSequences = new Map<string, number>();
  private readonly statuses = new Map<string, GatewayEvent>();
  private readonly pending = new Map<string, Pending>();
  private readonly turns = new Map<string, GatewayEvent>();
  private readonly growing = new Map<string, GrowingPart>();
  private readonly throttles = new Map<string, Throttle>();

  constructor(
    readonly rootId: string,
    bounds: ReplayBounds,
    /** Followers of every session; shared by all feeds. */
    private readonly everywhere: ReadonlySet<Follower>,
  ) {
    this.ring = new ReplayRing(bounds);
    this.members.add(rootId);
  }

  /** Nothing runs, waits or listens here: the feed may be forgotten. */
  get isIdle(): boolean {
    return (
      this.followers.size === 0 && this.statuses.size === 0 && this.pending.size === 0 && this.turns.size === 0 && this.growing.size === 0
    );
  }

  lastSequenceOf(sessionId: string): number {
    return this.lastSequences.get(sessionId) ?? -1;
  }

  /** Notes a position; false when positions before it were missed. */
  advance(sessionId: string, sequence: number): boolean {
    const last = this.lastSequences.get(sessionId);
    this.lastSequences.set(sessionId, Math.max(last ?? -1, sequence));
    return last === undefined || sequence === last + 1;
  }

  /** Keeps the event's consequences and tells everybody. */
  publish(event: GatewayEvent, size: number): void {
    this.remember(event);
    if (event.sequence !== undefined) this.ring.push(event, event.sequence, size);
    this.tell(event);
  }

  grow(growth: TextGrowth): void {
    const part = this.growing.get(growth.partId);
    const delta = part?.grow(growth.delta);
    if (part === undefined || delta === undefined) return;
    this.tellDelta(growth, delta);
    if (this.isHeardBy('accumulated')) this.throttle(part);
  }

  /** Begins with what came after a position; undefined when that is no longer whole. */
  replay(sessionId: string, afterSequence: number): GatewayEvent[] | undefined {
    const last = this.lastSequences.get(sessionId);
    if (last === undefined || afterSequence > last) return undefined;
    return this.ring.after(sessionId, afterSequence);
  }

  /** The present in events: statuses, growing texts, what is asked, running turns. */
  snapshot(): GatewayEvent[] {
    const texts = [...this.growing.values()].flatMap((part) => this.toAccumulated(part) ?? []);
    return [...this.statuses.values(), ...this.turns.values(), ...texts, ...this.pending.values()];
  }

  pendingPermissions(): { readonly permission: Permission; readonly directory: string }[] {
    return [...this.pending.values()].flatMap((event) =>
      event.type === 'permission_asked' ? [{ permission: event.permission, directory: event.directory }] : [],
    );
  }

  pendingQuestions(): { readonly question: Question; readonly directory: string }[] {
    return [...this.pending.values()].flatMap((event) =>
      event.type === 'question_asked' ? [{ question: event.question, directory: event.directory }] : [],
    );
  }

  isBusy(sessionId: string): boolean {
    return this.statuses.has(sessionId);
  }

  statusEvents(): GatewayEvent[] {
    return [...this.statuses.values()];
  }

  /** Events were missed: what is kept is no longer whole, and followers must read the state again. */
  loseTrack(): void {
    this.ring.clear();
    for (const part of this.growing.values()) part.lose();
    for (const sessionId of this.members) {
      const lastSequence = Math.max(this.lastSequenceOf(sessionId), 0);
      if (sessionId === this.rootId || this.isBusy(sessionId)) {
        this.tell({ type: 'resync', directory: '', sessionId, eventId: '', sequence: undefined, lastSequence });
      }
    }
  }

  close(): void {
    for (const { timer } of this.throttles.values()) clearTimeout(timer);
    this.throttles.clear();
  }

  private remember(event: GatewayEvent): void {
    switch (event.type) {
      case 'session_status':
        if (event.status.type === 'idle') this.statuses.delete(event.sessionId);
        else this.statuses.set(event.sessionId, event);
        // A retry begins the answer anew, in new parts.
        if (event.status.type === 'retry') this.forgetGrowing((part) => part.sessionId === event.sessionId);
        break;
      case 'part_updated':
        this.rememberPart(event);
        break;
      case 'part_removed':
        this.stopGrowing(event.partId);
        break;
      case 'message_updated':
        if (event.message.completedAtMs !== undefined) this.forgetGrowing((part) => part.messageId === event.message.id);
        break;
      case 'permission_asked':
        this.pending.set(event.permission.id, event);
        break;
      case 'question_asked':
        this.pending.set(event.question.id, event);
        break;
      case 'permission_replied':
        this.pending.delete(event.permissionId);
        break;
      case 'question_closed':
        this.pending.delete(event.questionId);
        break;
      case 'turn_updated':
        if (isFinal(event.turn.state)) this.turns.delete(event.turn.turnId);
        else this.turns.set(event.turn.turnId, event);
        break;
      case 'session_deleted':
        this.forgetSession(event.sessionId);
        break;
      case 'session_updated':
      case 'session_failed':
      case 'message_removed':
      case 'part_delta':
      case 'todos_updated':
      case 'file_edited':
      case 'resync':
        break;
    }
  }

  private rememberPart({ part, directory, sequence }: Extract<GatewayEvent, { type: 'part_updated' }>): void {
    if (sequence === undefined || (part.type !== 'text' && part.type !== 'reasoning')) return;
    this.stopGrowing(part.id);
    if (!part.ended) this.growing.set(part.id, new GrowingPart(part, directory));
  }

  private forgetSession(sessionId: string): void {
    this.statuses.delete(sessionId);
    for (const [id, event] of this.pending) if (event.sessionId === sessionId) this.pending.delete(id);
    for (const [id, event] of this.turns) if (event.sessionId === sessionId) this.turns.delete(id);
    for (const part of this.growing.values()) if (part.sessionId === sessionId) this.stopGrowing(part.id);
  }

  /** Parts that will never be finished; their readers are told. */
  private forgetGrowing(isForgotten: (part: GrowingPart) => boolean): void {
    for (const part of [...this.growing.values()].filter(isForgotten)) {
      this.stopGrowing(part.id);
      const { sessionId, directory, messageId, id } = part;
      this.tell({ type: 'part_removed', sessionId, directory, eventId: '', sequence: undefined, messageId, partId: id });
    }
  }

  private stopGrowing(partId: string): void {
    this.growing.delete(partId);
    clearTimeout(this.throttles.get(partId)?.timer);
    this.throttles.delete(partId);
  }

  private isHeardBy(mode: TextMode): boolean {
    for (const follower of this.followers) if (follower.textMode === mode && !follower.durableOnly) return true;
    for (const follower of this.everywhere) if (follower.textMode === mode) return true;
    return false;
  }

  private tell(event: GatewayEvent): void {
    for (const follower of this.followers) if (wants(follower, event)) follower.next(event);
    for (const follower of this.everywhere) if (wants(follower, event)) follower.next(event);
  }

  private tellText(event: GatewayEvent, mode: TextMode): void {
    for (const follower of this.followers) if (follower.textMode === mode && wants(follower, event)) follower.next(event);
    for (const follower of this.everywhere) if (follower.textMode === mode && wants(follower, event)) follower.next(event);
  }

  private tellDelta({ sessionId, directory }: TextGrowth, delta: TextDelta): void {
    this.tellText({ type: 'part_delta', sessionId, directory, eventId: '', sequence: undefined, delta }, 'delta');
  }

  private toAccumulated(part: GrowingPart): GatewayEvent | undefined {
    const snapshot = part.snapshot();
    if (snapshot === undefined) return undefined;
    return { type: 'part_updated', sessionId: part.sessionId, directory: part.directory, eventId: '', sequence: undefined, part: snapshot };
  }

  /** The first growth goes out at once, what follows within the interval together at its end. */
  private throttle(part: GrowingPart): void {
    let throttle = this.throttles.get(part.id);
    if (throttle === undefined) {
      throttle = { sentAtMs: 0, timer: undefined };
      this.throttles.set(part.id, throttle);
    }
    if (throttle.timer !== undefined) return;
    const waitMs = throttle.sentAtMs + GROWTH_INTERVAL_MS - Date.now();
    if (waitMs <= 0) this.tellGrowth(part, throttle);
    else throttle.timer = setTimeout(() => this.tellGrowth(part, throttle), waitMs);
  }

  private tellGrowth(part: GrowingPart, throttle: Throttle): void {
    throttle.timer = undefined;
    throttle.sentAtMs = Date.now();
    const event = this.toAccumulated(part);
    if (event !== undefined) this.tellText(event, 'accumulated');
  }
}

function isFinal(state: string): boolean {
  return state === 'completed' || state === 'failed' || state === 'aborted' || state === 'rejected' || state === 'interrupted';
}
