import type { Permission } from '../permission/permission.model.js';
import type { Question } from '../question/question.model.js';
import type { GatewayEvent, TextGrowth, TextMode, TurnState } from './event.model.js';
import type { GrowingPart } from './growing-part.js';
import { GrowingTexts } from './growing-texts.js';
import { Positions } from './positions.js';
import { ReplayRing, type ReplayBounds } from './replay-ring.js';

export type Resync = Extract<GatewayEvent, { type: 'resync' }>;

/** Somebody who gets events as they come. Must not throw and must not wait. */
export interface Follower {
  /** `none`: no growing text at all. */
  readonly textMode: TextMode | 'none';
  readonly durableOnly: boolean;
  /** Events of this session only; undefined: everything in the feed. */
  readonly sessionId: string | undefined;
  /** Of which sessions it may hear; undefined: of all. Asked for each event. */
  readonly hears?: ((sessionId: string) => boolean) | undefined;
  next(event: GatewayEvent): void;
  /** Events were missed for good, which the event says; a follower that can begins anew from the present state. */
  loseTrack(event: Resync): void;
  end(error: unknown): void;
}

/** A reader who was away for longer sees from the messages how turns before these ended. */
const MAX_ENDED_TURNS = 8;

type Pending = Extract<GatewayEvent, { type: 'permission_asked' | 'question_asked' }>;

/** Whether a follower may know of a session; of the empty one: of what belongs to no session. */
function mayHear({ hears }: Follower, sessionId: string): boolean {
  return hears === undefined || hears(sessionId);
}

/** Whether a follower gets an event that is no growing text. */
export function wants(follower: Follower, event: GatewayEvent): boolean {
  if (follower.sessionId !== undefined && follower.sessionId !== event.sessionId) return false;
  if (!mayHear(follower, event.sessionId)) return false;
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
  readonly positions = new Positions();
  readonly ring: ReplayRing;
  private readonly statuses = new Map<string, GatewayEvent>();
  private readonly pending = new Map<string, Pending>();
  private readonly turns = new Map<string, GatewayEvent>();
  /** How the session's last turns ended, for readers who were away then. */
  private readonly endedTurns = new Map<string, { readonly event: GatewayEvent; readonly atSequence: number }>();
  private readonly texts: GrowingTexts;

  constructor(
    readonly rootId: string,
    bounds: ReplayBounds,
    /** Followers of every session; shared by all feeds. */
    private readonly everywhere: ReadonlySet<Follower>,
  ) {
    this.ring = new ReplayRing(bounds);
    this.members.add(rootId);
    const listensAccumulated = (): boolean => this.isHeardBy('accumulated');
    this.texts = new GrowingTexts({
      get wantsAccumulated() {
        return listensAccumulated();
      },
      onDelta: (event) => this.tellText(event, 'delta'),
      onAccumulated: (event) => this.tellText(event, 'accumulated'),
    });
  }

  /** Nothing runs, waits or listens here: the feed may be forgotten. */
  get isIdle(): boolean {
    return this.followers.size === 0 && this.statuses.size === 0 && this.pending.size === 0 && this.turns.size === 0 && this.texts.isEmpty;
  }

  /** Keeps the event's consequences and tells everybody. */
  publish(event: GatewayEvent, size: number): void {
    this.remember(event);
    if (event.sequence !== undefined) this.ring.push(event, size);
    this.tell(event);
  }

  grow(growth: TextGrowth): void {
    this.texts.grow(growth);
  }

  /** The present in events: statuses, growing texts, what is asked, running turns. */
  snapshot(): GatewayEvent[] {
    return [...this.statuses.values(), ...this.turns.values(), ...this.texts.snapshot(), ...this.pending.values()];
  }

  /** Whether a turn was told here. */
  get knowsTurns(): boolean {
    return this.turns.size > 0 || this.endedTurns.size > 0;
  }

  /** A turn ended before we listened. */
  recallEnd(event: Extract<GatewayEvent, { type: 'turn_updated' }>): void {
    this.endedTurns.set(event.turn.turnId, { event, atSequence: Infinity });
  }

  /** The present for a reader who was away since a position: also what came to rest meanwhile. */
  snapshotSince(sessionId: string, sequence: number): GatewayEvent[] {
    const idle: GatewayEvent = {
      type: 'session_status',
      directory: '',
      sessionId,
      eventId: '',
      sequence: undefined,
      status: { type: 'idle' },
    };
    const ended = [...this.endedTurns.values()].filter(({ atSequence }) => atSequence >= sequence).map(({ event }) => event);
    return [...ended, ...(this.isBusy(sessionId) ? [] : [idle]), ...this.snapshot()];
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

  pendingEvents(): Pending[] {
    return [...this.pending.values()];
  }

  /** Whether followers know already what an event of the present state says. */
  hasTold(event: GatewayEvent): boolean {
    if (event.type === 'permission_asked') return this.pending.has(event.permission.id);
    if (event.type === 'question_asked') return this.pending.has(event.question.id);
    const status = this.statuses.get(event.sessionId);
    return event.type === 'session_status' && status?.type === 'session_status' && status.status.type === event.status.type;
  }

  isBusy(sessionId: string): boolean {
    return this.statuses.has(sessionId);
  }

  statusEvents(): GatewayEvent[] {
    return [...this.statuses.values()];
  }

  /** Growing texts have holes that nothing fills but their ends. */
  loseTexts(): void {
    this.texts.lose();
  }

  /** Events were missed for good: what is kept is no longer whole, and followers begin anew. */
  loseTrack(): void {
    this.texts.lose();
    const { rootId } = this;
    const lastSequence = this.positions.of(rootId)?.sequence ?? 0;
    this.forgetHistory();
    const event: Resync = { type: 'resync', directory: '', sessionId: rootId, eventId: '', sequence: undefined, lastSequence };
    for (const follower of [...this.followers, ...this.everywhere]) if (mayHear(follower, rootId)) follower.loseTrack(event);
  }

  /** Readers resume from OpenCode's history; nobody is told, for nobody who listens missed anything. */
  forgetHistory(): void {
    this.ring.clear();
    this.positions.clear();
  }

  close(): void {
    this.texts.close();
  }

  private remember(event: GatewayEvent): void {
    switch (event.type) {
      case 'session_status':
        if (event.status.type === 'idle') this.statuses.delete(event.sessionId);
        else this.statuses.set(event.sessionId, event);
        // A retry begins the answer anew, in new parts.
        if (event.status.type === 'retry') this.forgetTexts((part) => part.sessionId === event.sessionId);
        break;
      case 'part_updated':
        this.texts.update(event);
        break;
      case 'part_removed':
        this.texts.stop(event.partId);
        break;
      case 'message_updated':
        if (event.message.completedAtMs !== undefined) this.forgetTexts((part) => part.messageId === event.message.id);
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
        this.rememberTurn(event);
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

  private rememberTurn(event: Extract<GatewayEvent, { type: 'turn_updated' }>): void {
    const { turnId, state } = event.turn;
    if (!isFinal(state)) return void this.turns.set(turnId, event);
    this.turns.delete(turnId);
    this.endedTurns.set(turnId, { event, atSequence: this.positions.of(event.sessionId)?.sequence ?? Infinity });
    const [oldest] = this.endedTurns.keys();
    if (oldest !== undefined && this.endedTurns.size > MAX_ENDED_TURNS) this.endedTurns.delete(oldest);
  }

  private forgetSession(sessionId: string): void {
    this.statuses.delete(sessionId);
    for (const [id, event] of this.pending) if (event.sessionId === sessionId) this.pending.delete(id);
    for (const [id, event] of this.turns) if (event.sessionId === sessionId) this.turns.delete(id);
    this.texts.forget((part) => part.sessionId === sessionId);
  }

  /** Parts that will never be finished; their readers are told. */
  private forgetTexts(isForgotten: (part: GrowingPart) => boolean): void {
    for (const { sessionId, directory, messageId, id } of this.texts.forget(isForgotten)) {
      this.tell({ type: 'part_removed', sessionId, directory, eventId: '', sequence: undefined, messageId, partId: id });
    }
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
}

/** Whether a turn has ended in this state. */
export function isFinal(state: TurnState): boolean {
  return state === 'completed' || state === 'failed' || state === 'aborted' || state === 'rejected' || state === 'interrupted';
}
