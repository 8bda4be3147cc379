import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { firstValueFrom, from, Observable, type Subscription } from 'rxjs';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { ascendingId } from '../../common/opencode/opencode.ids.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { limitTime } from '../../common/streams/time-limit.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent, TextMode, TurnUpdate } from '../event/event.model.js';
import { SessionService } from '../session/session.service.js';
import { PromptService } from './prompt.service.js';
import type { Prompt } from './prompt.model.js';
import { RequestMemory } from './request-memory.js';
import { Turn } from './turn.js';
import { TurnOutcomes } from './turn.outcomes.js';
import { TurnQueue } from './turn.queue.js';
import { TurnReconciler } from './turn.reconciler.js';
import type { TurnTask } from './turn.task.js';
import { GRACE_MS, TurnWatch } from './turn.watch.js';

/** OpenCode unwinds an aborted run in 20 to 300 ms. */
const ABORT_TIMEOUT_MS = 15_000;

/** A turn and the wait until OpenCode, or the session's queue, has it. */
interface Submission {
  readonly turn: Turn;
  readonly accepted: Promise<void>;
}

/** Runs prompts, one at a time per session, and knows when they truly end. Knows no transport. */
@Injectable()
export class TurnService implements OnModuleDestroy {
  private readonly logger = new Logger(TurnService.name);
  private readonly queue: TurnQueue;
  private readonly requests = new RequestMemory<Submission>();
  private readonly reconciler: TurnReconciler;
  /** How long a caller may wait for a turn, where the operator set a limit. */
  private readonly limitMs: number | undefined;
  private readonly turns = new Map<string, Set<Turn>>();
  private readonly outcomes = new TurnOutcomes();
  private readonly subscription: Subscription;
  /** What every turn waits for before it begins. */
  private held: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pool: OpencodePool,
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly prompts: PromptService,
    @Inject(CONFIG) config: Config,
  ) {
    this.queue = new TurnQueue(config.MAX_QUEUED_TURNS);
    this.reconciler = new TurnReconciler(pool);
    this.limitMs = config.OPENCODE_TIMEOUT_STREAM === undefined ? undefined : config.OPENCODE_TIMEOUT_STREAM * 1_000;
    sessions.onDelete((sessionId) => this.abortAll(sessionId));
    this.subscription = hub.reconnected$.subscribe(() => this.reconcileAll());
  }

  onModuleDestroy(): void {
    this.subscription.unsubscribe();
  }

  /** Sends a prompt; resolves once OpenCode or the session's queue has it. @throws GatewayError as PromptService.accept, RESOURCE_EXHAUSTED, UNAVAILABLE */
  async send(prompt: Prompt): Promise<TurnUpdate> {
    const { turn, accepted } = this.submit(await this.prompts.accept(prompt));
    await accepted;
    return turn.toUpdate();
  }

  /** Carries a task out and waits for its end. Whoever stops waiting does not end the turn. */
  async run(task: TurnTask): Promise<TurnUpdate> {
    const { turn, accepted } = this.submit(task);
    await accepted;
    return firstValueFrom(from(turn.ended).pipe(limitTime(this.limitMs, tookTooLong)));
  }

  /** Sends a prompt when subscribed, and gives the session's events up to the turn's final update, which is the last. */
  async stream(prompt: Prompt, textMode: TextMode): Promise<Observable<GatewayEvent>> {
    const task = await this.prompts.accept(prompt);
    this.requireReady();
    const events$ = new Observable<GatewayEvent>((subscriber) => {
      let turn: Turn | undefined;
      const early: GatewayEvent[] = [];
      const next = (event: GatewayEvent): void => {
        if (turn === undefined) return void early.push(event);
        if (!isOf(turn, event)) return;
        subscriber.next(event);
        if (turn.isEnded && event.type === 'turn_updated' && event.turn.turnId === turn.id) subscriber.complete();
      };
      // Subscribed before the prompt leaves: nothing of the answer can be missed.
      const events = this.hub.watchSession(task.session.id, { textMode }).subscribe({ next, error: (error) => subscriber.error(error) });
      try {
        const submission = this.submit(task);
        turn = submission.turn;
        early.forEach(next);
        if (turn.isEnded && !subscriber.closed) next(this.toEvent(turn));
        submission.accepted.catch((error: unknown) => subscriber.error(error));
      } catch (error) {
        subscriber.error(error);
      }
      return events;
    });
    return events$.pipe(limitTime(this.limitMs, tookTooLong));
  }

  /** Ends what a session does and what waits behind it, and rejects what it asked; returns when that is done. @throws GatewayError NOT_FOUND */
  async abort(sessionId: string): Promise<void> {
    await this.sessions.get(sessionId);
    await this.abortAll(sessionId);
  }

  /** Runs something else in the session's line, so that no turn overlaps it. @throws GatewayError RESOURCE_EXHAUSTED; UNAVAILABLE */
  async runInLine<T>(sessionId: string, task: () => Promise<T>): Promise<T> {
    this.requireReady();
    return new Promise((resolve, reject) => {
      this.queue.add(sessionId, async () => {
        await this.held;
        await task().then(resolve, reject);
      });
    });
  }

  /** The same, at once or not at all. @throws GatewayError FAILED_PRECONDITION while the session is busy */
  async runWhenIdle<T>(sessionId: string, task: () => Promise<T>): Promise<T> {
    if (this.queue.lengthOf(sessionId) > 0)
      throw new GatewayError('FAILED_PRECONDITION', 'The session is busy', { reason: 'SESSION_BUSY' });
    return this.runInLine(sessionId, task);
  }

  /** Runs something that would abort every turn; what is sent meanwhile waits. @throws GatewayError FAILED_PRECONDITION while any session is busy */
  async runWhenAllIdle<T>(task: () => Promise<T>): Promise<T> {
    if (!this.queue.isEmpty || this.hub.busySessions().length > 0) {
      throw new GatewayError('FAILED_PRECONDITION', 'Turns are running, and this would abort them', { reason: 'TURNS_RUNNING' });
    }
    const done = task();
    this.held = done.catch(() => undefined);
    return done;
  }

  /** Sessions with a turn that has not ended. */
  activeSessionIds(): string[] {
    return [...this.turns.keys()];
  }

  /** The turn a session works on or works on next. */
  current(sessionId: string): Turn | undefined {
    return [...(this.turns.get(sessionId) ?? [])].find((turn) => !turn.isEnded);
  }

  /** How the session's last turn ended, if it ended here. */
  lastOutcome(sessionId: string): TurnUpdate | undefined {
    return this.outcomes.get(sessionId);
  }

  private requireReady(): void {
    if (!this.hub.isReady)
      throw new GatewayError('UNAVAILABLE', 'OpenCode is not ready', { reason: 'OPENCODE_UNAVAILABLE', retryAfterMs: 1_000 });
  }

  private submit(task: TurnTask): Submission {
    this.requireReady();
    const { requestId, fingerprint } = task;
    const { id: sessionId, directory } = task.session;
    return this.requests.getOrBegin(sessionId, requestId, fingerprint, () => {
      const id = ascendingId('msg', this.pool.forSession(sessionId).clock.nowMs());
      const turn = new Turn({ id, sessionId, directory, requestId }, (changed) => this.publish(changed), task.judge);
      const isNext = this.queue.lengthOf(sessionId) === 0;
      const accepted = new Promise<void>((resolve, reject) => {
        this.queue.add(sessionId, () => this.execute(turn, task, resolve, reject));
        this.keep(turn);
        if (isNext) return;
        this.publish(turn);
        resolve();
      });
      // OpenCode never had it: the same request may try again.
      accepted.catch(() => this.requests.forget(sessionId, requestId));
      return { turn, accepted };
    });
  }

  /** The life of a turn at the head of its queue. Never rejects. */
  private async execute(turn: Turn, task: TurnTask, onAccepted: () => void, onRefused: (error: unknown) => void): Promise<void> {
    await this.held;
    if (turn.isEnded) {
      // Aborted before it began: whoever sent it learns that from the turn.
      onAccepted();
      return this.drop(turn);
    }
    const watch = new TurnWatch(this.hub, turn, () => this.reconcile(turn));
    try {
      turn.lastEventAtMs = Date.now();
      turn.admit();
      await task.hand(turn);
      onAccepted();
    } catch (error) {
      onRefused(error);
      turn.end({ state: 'failed', failure: toFailure(error) });
    }
    await turn.ended;
    watch.stop();
    this.drop(turn);
  }

  private async reconcile(turn: Turn): Promise<void> {
    try {
      const found = await this.reconciler.look(turn);
      if (found === undefined || turn.isEnded) return;
      if (found.message !== undefined) turn.adopt(found.message);
      turn.end(found.verdict);
    } catch (error) {
      this.logger.debug(`Turn ${turn.id} could not be looked up: ${String(error)}`);
    }
  }

  private reconcileAll(): void {
    for (const turns of this.turns.values()) for (const turn of turns) if (turn.state !== 'queued') void this.reconcile(turn);
  }

  private async abortAll(sessionId: string): Promise<void> {
    const turns = [...(this.turns.get(sessionId) ?? [])];
    for (const turn of turns.filter(({ state }) => state === 'queued')) turn.end({ state: 'aborted', failure: undefined });
    const running = turns.filter((turn) => !turn.isEnded);
    for (const turn of running) turn.requestAbort(Date.now());
    await this.pool.forSession(sessionId).client.abort(sessionId);
    await this.rejectGhosts(sessionId);
    await Promise.all(running.map((turn) => this.untilEnded(turn)));
  }

  /** @throws GatewayError DEADLINE_EXCEEDED when OpenCode does not let go of the turn. */
  private async untilEnded(turn: Turn): Promise<void> {
    for (const deadlineMs = Date.now() + ABORT_TIMEOUT_MS; !turn.isEnded;) {
      await Promise.race([turn.ended, new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
      if (turn.isEnded) return;
      await this.reconcile(turn);
      // The first abort may have come before the run did.
      if (!turn.isEnded) await this.pool.forSession(turn.sessionId).client.abort(turn.sessionId);
      if (Date.now() > deadlineMs)
        throw new GatewayError('DEADLINE_EXCEEDED', `The turn in session ${turn.sessionId} does not end`, { reason: 'ABORT_TIMEOUT' });
    }
  }

  /** What was pending when its session was aborted stays in OpenCode's lists until somebody answers it. */
  private async rejectGhosts(sessionId: string): Promise<void> {
    const { client } = this.pool.forSession(sessionId);
    const replies = [
      ...this.hub
        .pendingPermissions(sessionId)
        .map(({ permission, directory }) => client.replyToPermission(permission.id, directory, 'reject')),
      ...this.hub.pendingQuestions(sessionId).map(({ question, directory }) => client.rejectQuestion(question.id, directory)),
    ];
    // One that was answered in the meantime is no ghost.
    await Promise.allSettled(replies);
  }

  private keep(turn: Turn): void {
    const turns = this.turns.get(turn.sessionId) ?? new Set();
    this.turns.set(turn.sessionId, turns.add(turn));
  }

  private drop(turn: Turn): void {
    const turns = this.turns.get(turn.sessionId);
    turns?.delete(turn);
    if (turns?.size === 0) this.turns.delete(turn.sessionId);
  }

  private publish(turn: Turn): void {
    if (turn.isEnded) this.outcomes.remember(turn.sessionId, turn.toUpdate());
    this.hub.publish(this.toEvent(turn));
  }

  private toEvent(turn: Turn): GatewayEvent {
    return {
      type: 'turn_updated',
      sessionId: turn.sessionId,
      directory: turn.directory,
      eventId: '',
      sequence: undefined,
      turn: turn.toUpdate(),
    };
  }
}

function tookTooLong(): GatewayError {
  return new GatewayError('DEADLINE_EXCEEDED', 'The turn did not end in time; it goes on without this caller', { reason: 'TURN_TIMEOUT' });
}

/** While a turn waits in the queue the session's events are another turn's. */
function isOf(turn: Turn, event: GatewayEvent): boolean {
  if (event.type === 'turn_updated') return event.turn.turnId === turn.id;
  return turn.state !== 'queued';
}

function toFailure(error: unknown): { name: string; message: string } {
  if (error instanceof GatewayError) return { name: error.reason, message: error.message };
  return { name: 'INTERNAL', message: 'Internal error' };
}
