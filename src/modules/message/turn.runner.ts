import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Subscription } from 'rxjs';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { EventHub } from '../event/event.hub.js';
import type { OpencodePresence } from './opencode-presence.js';
import { continuationIdsOf, lastAnswerOf, type PastTurn } from './turn.history.js';
import { TurnLine } from './turn.line.js';
import type { Turn } from './turn.js';
import { TurnRecords, type LastTurn } from './turn.records.js';
import { TurnRegistry } from './turn.registry.js';
import { TurnTracer } from './turn.tracer.js';
import type { TurnTask } from './turn.task.js';
import { ABORTED_UNSENT, interrupted, NOT_STARTED, type Verdict } from './turn.verdict.js';
import { TurnWatch } from './turn.watch.js';

/** A prompt that OpenCode stored and did nothing about for so long is handed over once more. */
const ADMISSION_MS = 10_000;
const RETRY_AFTER_MS = 500;
const LOST = interrupted('OpencodeLost', 'OpenCode went away and did not come back');

/** A turn and the wait until OpenCode, or the session's queue, has it. */
export interface Submission {
  readonly turn: Turn;
  readonly accepted: Promise<void>;
}

/** Carries turns through from the queue to their true end. */
@Injectable()
export class TurnRunner implements OnModuleDestroy {
  private readonly logger = new Logger(TurnRunner.name);
  private readonly lock = new KeyedLock();
  /** How to give a running turn to OpenCode once more, if that was not done yet. */
  private readonly spareTasks = new WeakMap<Turn, TurnTask>();
  private readonly presence: OpencodePresence;
  private readonly subscriptions: readonly Subscription[];

  constructor(
    private readonly hub: EventHub,
    private readonly registry: TurnRegistry,
    private readonly records: TurnRecords,
    private readonly line: TurnLine,
    private readonly tracer: TurnTracer,
  ) {
    this.presence = line.presence;
    this.subscriptions = [
      hub.reconnected$.subscribe(() => registry.begun().forEach((turn) => void this.settle(turn))),
      this.presence.lost$.subscribe(() => registry.begun().forEach((turn) => turn.end(LOST))),
    ];
  }

  /** @throws GatewayError UNAVAILABLE while OpenCode's events do not arrive: an answer could be missed */
  requireReady(): void {
    this.presence.require();
  }

  onModuleDestroy(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
  }

  /** Puts a task in the session's line. @throws GatewayError RESOURCE_EXHAUSTED */
  enqueue(task: TurnTask, id: string, principalId: string): Submission {
    const { requestId, kind } = task;
    const { id: sessionId, directory } = task.session;
    const isNext = this.line.isFree(sessionId);
    const turn = this.registry.open({ id, sessionId, directory, requestId, kind, principalId });
    const accepted = new Promise<void>((resolve, reject) => {
      const work = () => this.execute(turn, (watch) => this.deliver(turn, task, watch, !isNext), resolve, reject);
      this.line.add(sessionId, () => this.tracer.run(turn, work));
      this.tracer.follow(turn);
      if (isNext) return;
      this.registry.publish(turn);
      resolve();
    });
    accepted.catch(() => this.registry.close(turn));
    return { turn, accepted };
  }

  /**
   * Follows a turn that OpenCode works on already to its end. One that ended before we looked is told by its end alone, unless that was
   * told already. Never rejects.
   */
  async follow({ turn: past, isRunning }: LastTurn, directory: string, onOpen: () => void): Promise<void> {
    const { id, sessionId } = past.own.info;
    if (!isRunning && (lastAnswerOf(past.rest, past.kind) === undefined || this.registry.lastOutcome(sessionId)?.turnId === id)) return;
    const found = isRunning ? undefined : await this.records.recall({ sessionId, directory }, id).catch(() => undefined);
    const turn = this.registry.open({ id, sessionId, directory, requestId: '', kind: past.kind });
    if (found?.type === 'ended') {
      turn.conclude(found);
      return this.registry.close(turn);
    }
    onOpen();
    await this.execute(turn, (watch) => Promise.resolve(this.resume(turn, past, watch)));
  }

  /** The life of a turn at the head of its line. Never rejects. */
  private async execute(
    turn: Turn,
    begin: (watch: TurnWatch) => Promise<void>,
    onAccepted: () => void = () => undefined,
    onRefused: (error: unknown) => void = () => undefined,
  ): Promise<void> {
    const watch = new TurnWatch(this.hub, turn, () => this.settle(turn));
    try {
      // It may end before it begins, by an abort or with OpenCode: whoever sent it learns that from the turn.
      await Promise.race([turn.ended, begin(watch)]);
      onAccepted();
    } catch (error) {
      onRefused(error);
      turn.end(toVerdict(error));
    }
    await turn.ended;
    await turn.aftermath;
    watch.stop();
    this.registry.close(turn);
  }

  /** A cut connection leaves open whether OpenCode has the turn, and a busy session who has it: the records tell. */
  private async deliver(turn: Turn, task: TurnTask, watch: TurnWatch, mayBeKnown: boolean): Promise<void> {
    let giveUpAtMs: number | undefined;
    let failed = false;
    for (let isOpen = mayBeKnown && task.requestId !== ''; ; isOpen = true) {
      await this.presence.untilHere();
      try {
        return await this.handOver(turn, task, watch, isOpen);
      } catch (error) {
        giveUpAtMs ??= Date.now() + this.presence.lostAfterMs;
        const mayHaveIt = isUnclear(error) || isBusy(error) || (isFailure(error) && !failed);
        if (!mayHaveIt || Date.now() > giveUpAtMs) throw error;
        failed ||= isFailure(error);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    }
  }

  private async handOver(turn: Turn, task: TurnTask, watch: TurnWatch, mayBeKnown: boolean): Promise<void> {
    const [past, isCalledOff] = mayBeKnown ? await Promise.all([this.records.recall(turn, turn.id), task.isCalledOff?.(turn.id)]) : [];
    if (turn.isEnded) return;
    if (past?.type === 'ended') return turn.conclude(past);
    if (past?.type === 'running') return this.resume(turn, past.turn, watch);
    // It was aborted while nobody knew whether OpenCode has it, or elsewhere.
    if (turn.abortRequested || isCalledOff === true) return turn.end(ABORTED_UNSENT);
    watch.listen();
    turn.admit(Date.now());
    await task.hand(turn, past?.type === 'unanswered');
    turn.handedAtMs = Date.now();
    this.spareTasks.set(turn, task);
  }

  private resume(turn: Turn, past: PastTurn, watch: TurnWatch): void {
    const answer = lastAnswerOf(past.rest, past.kind)?.info;
    turn.resume({ createdAtMs: past.own.info.createdAtMs, continuationIds: continuationIdsOf(past), answer }, Date.now());
    watch.listen();
    // It may have ended before we listened.
    watch.lookUpSoon();
  }

  /** Asks the records how a turn stands, and ends it when they tell. Never rejects. */
  async settle(turn: Turn): Promise<void> {
    try {
      await this.tracer.run(turn, () => this.lock.run(turn.id, () => this.settleAlone(turn)));
    } catch (error) {
      this.logger.debug(`Turn ${turn.id} could not be looked up: ${String(error)}`);
    }
  }

  private async settleAlone(turn: Turn): Promise<void> {
    if (turn.isEnded) return;
    const found = await this.records.look(turn);
    if (found === undefined || turn.isEnded) return;
    if (found.verdict === NOT_STARTED) {
      if (turn.handedAtMs === undefined || Date.now() - turn.handedAtMs < ADMISSION_MS) return;
      if (await this.handAgain(turn)) return;
    }
    turn.conclude(found);
  }

  /** A prompt that was stored and does not run: once more is harmless, for it keeps its ids. False when that was done already. */
  private async handAgain(turn: Turn): Promise<boolean> {
    const task = this.spareTasks.get(turn);
    if (task === undefined) return false;
    this.spareTasks.delete(turn);
    turn.handedAtMs = undefined;
    try {
      await task.hand(turn, true);
    } finally {
      turn.handedAtMs = Date.now();
    }
    return true;
  }
}

/** OpenCode may have it or not. */
function isUnclear(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
}

/** OpenCode may fail at a prompt that it has already, from another gateway. */
function isFailure(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'INTERNAL';
}

/** Somebody else was faster: with the same request, or with another. */
function isBusy(error: unknown): boolean {
  return error instanceof GatewayError && error.reason === 'SESSION_BUSY';
}

function toVerdict(error: unknown): Verdict {
  if (isUnclear(error)) return LOST;
  const failure =
    error instanceof GatewayError ? { name: error.reason, message: error.message } : { name: 'INTERNAL', message: 'Internal error' };
  return { state: 'failed', failure };
}
