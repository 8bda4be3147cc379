import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { EventHub } from '../../event/event.hub.js';
import type { GatewayEvent } from '../../event/event.model.js';
import type { Message } from '../../message/message.model.js';
import type { PromptPart } from '../../message/prompt.model.js';
import type { Turn } from '../../message/turn.js';
import { TurnLookup, type KnownTurn } from '../../message/turn.lookup.js';
import type { Session } from '../../session/session.model.js';
import { isTerminal, type Said, type TaskRef, type TaskView, type TerminalState } from '../a2a.model.js';
import { TASK_STORE, type TaskNotes, type TaskStore } from '../task.store.js';
import { TaskFeed, type TaskOrigin } from './task.feed.js';
import { contextOf, taskNotFound, toTaskRef } from './task-id.js';
import { toTaskState } from './task-state.mapper.js';
import { TaskMetrics } from './task.metrics.js';

/** For how long an ended task is kept at hand; afterwards OpenCode's records tell of it. */
const KEPT_MS = 60_000;

/** A task about to begin. */
export interface TaskBeginning {
  readonly session: Session;
  readonly contextId: string;
  /** Media types that the caller takes; empty: any. */
  readonly outputModes: readonly string[];
  readonly said: Said;
  /** Sends the prompt; resolves once OpenCode or the session's queue has it. */
  readonly begin: () => Promise<Turn>;
}

/** The feeds of the tasks that somebody cares for: begun here, asked for, or told of by webhooks. */
@Injectable()
export class TaskFeeds implements OnModuleDestroy {
  private readonly logger = new Logger(TaskFeeds.name);
  private readonly feeds = new Map<string, TaskFeed>();
  private readonly opening = new Map<string, Promise<TaskFeed>>();
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly hub: EventHub,
    private readonly lookup: TurnLookup,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    private readonly metrics: TaskMetrics,
  ) {}

  onModuleDestroy(): void {
    for (const subscription of this.subscriptions.values()) subscription.unsubscribe();
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Begins a task, or finds the one that the same message began before. Subscribed before the prompt leaves: nothing is missed. */
  async begin({ session, contextId, outputModes, said, begin }: TaskBeginning): Promise<TaskFeed> {
    const sinceMs = Date.now();
    const inbox = new Inbox(this.hub, session.id);
    try {
      const turn = await begin();
      const ref = toTaskRef(session.id, turn.id);
      await this.store.note(ref.id, { contextId, outputModes });
      const isNew = turn.principalId !== undefined && turn.createdAtMs >= sinceMs;
      const known = this.feeds.get(ref.id);
      if (known !== undefined || !isNew || turn.isEnded) {
        inbox.close();
        return known ?? (await this.open(ref, session));
      }
      const feed = this.create({
        ref,
        sessionTitle: session.title,
        directory: session.directory,
        contextId,
        said: [said],
        createdAtMs: turn.createdAtMs,
      });
      feed.observeTurn(turn.toUpdate());
      this.attach(feed, inbox);
      return feed;
    } catch (error) {
      inbox.close();
      throw error;
    }
  }

  /** The feed of a task that was begun here, at another replica or before a restart. @throws GatewayError NOT_FOUND */
  async open(ref: TaskRef, session: Session): Promise<TaskFeed> {
    const known = this.feeds.get(ref.id) ?? this.opening.get(ref.id);
    if (known !== undefined) return known;
    const opened = this.rebuild(ref, session).finally(() => this.opening.delete(ref.id));
    this.opening.set(ref.id, opened);
    return opened;
  }

  /** The feed of a task that is at hand. */
  find(taskId: string): TaskFeed | undefined {
    return this.feeds.get(taskId);
  }

  /** A task as it stands, from what is known of its turn: nobody will follow it. */
  async view(session: Session, known: KnownTurn): Promise<TaskView> {
    const ref = toTaskRef(session.id, known.update.turnId);
    const live = this.feeds.get(ref.id);
    if (live !== undefined) return live.view;
    if (!isTerminal(toTaskState(known.update.state))) return (await this.open(ref, session)).view;
    const [notes, settled] = await Promise.all([this.store.notes(ref.id), this.store.terminalState(ref.id)]);
    const feed = new TaskFeed(toOrigin(ref, session, notes, known));
    this.recall(feed, known, settled);
    return feed.view;
  }

  private async rebuild(ref: TaskRef, session: Session): Promise<TaskFeed> {
    const inbox = new Inbox(this.hub, session.id);
    try {
      const [known, notes, settled] = await Promise.all([
        this.lookup.find(session, ref.turnId),
        this.store.notes(ref.id),
        this.store.terminalState(ref.id),
      ]);
      // Begun here while its records were read.
      const begun = this.feeds.get(ref.id);
      if (begun !== undefined) {
        inbox.close();
        return begun;
      }
      // One that was noted and is not to be found waits for its turn at another replica.
      if (known === undefined && notes === undefined) throw taskNotFound(ref.id);
      const feed = this.create(toOrigin(ref, session, notes, known));
      if (known !== undefined) this.recall(feed, known, settled);
      if (!feed.isTerminal) this.attach(feed, inbox);
      // The records tell it again whenever somebody asks.
      else inbox.close();
      return feed;
    } catch (error) {
      inbox.close();
      throw error;
    }
  }

  private recall(feed: TaskFeed, { own, messages, update }: KnownTurn, settled: TerminalState | undefined): void {
    const last = messages.at(-1)?.info;
    const state = settled ?? toTaskState(update.state);
    feed.recall(own?.info, messages);
    if (isTerminal(state)) feed.end(state, update.failure, last?.completedAtMs ?? last?.createdAtMs ?? own?.info.createdAtMs);
    else feed.observeTurn(update);
  }

  /** A feed whose turn ends as the store has it: the first end counts, whichever replica saw it. */
  private create(origin: TaskOrigin): TaskFeed {
    const { ref } = origin;
    const feed: TaskFeed = new TaskFeed(origin, {
      settle: (state, failure) => {
        void this.store
          .settle(ref.id, state)
          .catch(() => state)
          .then((counting) => feed.end(counting, counting === state ? failure : undefined));
      },
      onAsk: () => this.metrics.onAsk(),
      onResolution: () => this.metrics.onResolution(),
      onEnd: () => this.retire(feed),
    });
    return feed;
  }

  /** An ended one is kept at hand for those who come for its end. */
  private retire(feed: TaskFeed): void {
    const { id } = feed.ref;
    if (this.feeds.get(id) !== feed) return;
    this.subscriptions.get(id)?.unsubscribe();
    this.subscriptions.delete(id);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (this.feeds.get(id) === feed) this.feeds.delete(id);
    }, KEPT_MS).unref();
    this.timers.add(timer);
  }

  private attach(feed: TaskFeed, inbox: Inbox): void {
    const { id } = feed.ref;
    this.feeds.set(id, feed);
    this.subscriptions.set(id, inbox.subscription);
    inbox.deliver(
      (event) => feed.observe(event),
      (error) => {
        this.logger.debug(`Task ${id} is heard of no longer: ${String(error)}`);
        this.subscriptions.delete(id);
        this.feeds.delete(id);
        feed.break(error);
      },
    );
  }
}

/** What a session tells, kept until it is known for whom. */
class Inbox {
  readonly subscription: Subscription;
  private kept: GatewayEvent[] = [];
  private failure: { readonly error: unknown } | undefined;
  private next = (event: GatewayEvent): void => void this.kept.push(event);
  private fail = (error: unknown): void => void (this.failure = { error });

  constructor(hub: EventHub, sessionId: string) {
    this.subscription = hub.watchSession(sessionId, { textMode: 'delta' }).subscribe({
      next: (event) => this.next(event),
      error: (error: unknown) => this.fail(error),
    });
  }

  deliver(next: (event: GatewayEvent) => void, fail: (error: unknown) => void): void {
    this.next = next;
    this.fail = fail;
    for (const event of this.kept.splice(0)) next(event);
    if (this.failure !== undefined) fail(this.failure.error);
  }

  close(): void {
    this.subscription.unsubscribe();
  }
}

function toOrigin(ref: TaskRef, session: Session, notes: TaskNotes | undefined, known: KnownTurn | undefined): TaskOrigin {
  return {
    ref,
    sessionTitle: session.title,
    directory: session.directory,
    contextId: notes?.contextId ?? session.contextId ?? contextOf(session.id),
    said: saidIn(known?.own),
    createdAtMs: known?.own?.info.createdAtMs ?? Date.now(),
  };
}

/** What began the turn, as OpenCode kept it; files without their content. */
function saidIn(own: Message | undefined): Said[] {
  if (own === undefined) return [];
  const parts = own.parts.flatMap((part): PromptPart[] => {
    if (part.type === 'text') return [{ type: 'text', text: part.text }];
    return part.type === 'file' ? [{ type: 'file', mime: part.mime, filename: part.filename, url: '' }] : [];
  });
  return parts.length === 0 ? [] : [{ messageId: own.info.id, parts }];
}
