import { setTimeout as pause } from 'node:timers/promises';
import type { GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { openGrpc, openSse, type GatewayAddress, type OpenStream, type ReaderPosition } from './event-streams.js';

/** What a reader does when it has received so many events. */
export type Habit =
  | { readonly kind: 'slow'; readonly after: number; readonly events: number; readonly ms: number }
  | { readonly kind: 'stop'; readonly after: number; readonly ms: number }
  | { readonly kind: 'vanish'; readonly after: number; readonly ms: number }
  | { readonly kind: 'move'; readonly after: number };

export interface ReaderPlan {
  readonly door: 'grpc' | 'sse';
  readonly deltas: boolean;
  readonly durableOnly?: boolean;
  readonly habits: readonly Habit[];
}

/** What happened to a reader, in its order. */
export type Entry =
  | { readonly kind: 'opened'; readonly after: ReaderPosition }
  | { readonly kind: 'event'; readonly event: GlobalEvent }
  | { readonly kind: 'ended'; readonly why: string };

/** What a reader leaves behind for judgement. */
export type ReaderNotes = Pick<Reader, 'name' | 'entries' | 'events'>;

const OPEN: Readonly<Record<ReaderPlan['door'], OpenStream>> = { grpc: openGrpc, sse: openSse };
/** Between two attempts to come back; a real one would wait longer. */
const COME_BACK_MS = 100;

/**
 * A client that follows one session for as long as it is wanted: it resumes behind its last position whenever its
 * stream ends, and writes down all it was told.
 */
export class Reader {
  readonly entries: Entry[] = [];
  /** The last durable event, or what a resync said. The session's creation is 0, and known. */
  position: ReaderPosition = { sequence: 0 };
  private received = 0;
  private slow = { until: 0, ms: 0 };
  private at = 0;
  private readonly leaving = new AbortController();
  private readonly finished: Promise<void>;
  private readonly watchers = new Set<(event: GlobalEvent) => void>();

  constructor(
    readonly name: string,
    private readonly sessionId: string,
    readonly plan: ReaderPlan,
    /** The gateways it knows; it begins at the first. */
    private readonly gateways: readonly (() => GatewayAddress)[],
  ) {
    this.finished = this.follow();
  }

  /** Events so far, in order. */
  get events(): GlobalEvent[] {
    return this.entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event] : []));
  }

  get timesOpened(): number {
    return this.entries.filter(({ kind }) => kind === 'opened').length;
  }

  /** Calls on every event from now on. */
  onEvent(watcher: (event: GlobalEvent) => void): void {
    this.watchers.add(watcher);
  }

  async leave(): Promise<void> {
    this.leaving.abort();
    await this.finished;
  }

  private async follow(): Promise<void> {
    while (!this.leaving.signal.aborted) {
      const gateway = this.gateways[this.at % this.gateways.length];
      if (gateway === undefined) return;
      this.entries.push({ kind: 'opened', after: this.position });
      const why = await this.readOnce(gateway()).catch((error: unknown) => String(error));
      this.entries.push({ kind: 'ended', why });
      await this.pause(COME_BACK_MS);
    }
  }

  /** Reads one stream until it ends, or until it is time to leave it; says why. */
  private async readOnce(gateway: GatewayAddress): Promise<string> {
    const { door, ...wish } = this.plan;
    const closing = new AbortController();
    const leave = (): void => closing.abort();
    this.leaving.signal.addEventListener('abort', leave);
    try {
      for await (const event of OPEN[door](gateway, { ...wish, sessionId: this.sessionId, after: this.position }, closing.signal)) {
        this.take(event);
        const habit = await this.behave();
        if (habit === undefined) continue;
        closing.abort();
        if (habit.kind === 'vanish') await this.pause(habit.ms);
        return habit.kind;
      }
      return 'ended';
    } finally {
      closing.abort();
      this.leaving.signal.removeEventListener('abort', leave);
    }
  }

  private take(event: GlobalEvent): void {
    this.entries.push({ kind: 'event', event });
    this.received += 1;
    const { sequence } = this.position;
    if (event.event.case === 'resync') this.position = { sequence: Math.max(sequence, Number(event.event.value.sequence)) };
    if (event.sequence !== undefined) {
      const isOwn = event.sessionId === this.sessionId;
      this.position = { sequence: isOwn ? Number(event.sequence) : sequence, eventId: event.eventId };
    }
    for (const watcher of this.watchers) watcher(event);
  }

  /** Does what is due while reading; gives what ends it. */
  private async behave(): Promise<Extract<Habit, { kind: 'vanish' | 'move' }> | undefined> {
    if (this.received < this.slow.until) await this.pause(this.slow.ms);
    for (const habit of this.plan.habits.filter(({ after }) => after === this.received)) {
      if (habit.kind === 'slow') this.slow = { until: this.received + habit.events, ms: habit.ms };
      else if (habit.kind === 'stop') await this.pause(habit.ms);
      else {
        if (habit.kind === 'move') this.at += 1;
        return habit;
      }
    }
    return undefined;
  }

  private pause(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.leaving.signal }).catch(() => undefined);
  }
}
