import { Injectable } from '@nestjs/common';
import { noteSession, type Caller } from '../../common/access/caller.js';
import { ascendingMessageId, derivedMessageId } from '../../common/opencode/opencode.ids.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { RequestMemory } from './request-memory.js';
import { TurnAdopter } from './turn.adopter.js';
import type { Turn } from './turn.js';
import { TurnRecords } from './turn.records.js';
import { endedTurn, TurnRegistry } from './turn.registry.js';
import { TurnRunner, type Submission } from './turn.runner.js';
import type { TurnTask } from './turn.task.js';

/**
 * Begins turns, each request once.
 *
 * A request with a key has a message id that follows from key and body, so OpenCode's own records tell whether it was
 * made before: here before a restart, or at another gateway.
 */
@Injectable()
export class TurnRequests {
  private readonly memory = new RequestMemory<Promise<Submission>>();

  constructor(
    private readonly pool: OpencodePool,
    private readonly registry: TurnRegistry,
    private readonly records: TurnRecords,
    private readonly adopter: TurnAdopter,
    private readonly runner: TurnRunner,
  ) {}

  /**
   * The turn of a task, or the one that the same request began before.
   *
   * @throws GatewayError INVALID_ARGUMENT when its key was used with another body; RESOURCE_EXHAUSTED; UNAVAILABLE;
   * FAILED_PRECONDITION for a directory with plugins that are not trusted
   */
  async submit(task: TurnTask, caller: Caller): Promise<Submission> {
    const { requestId, session } = task;
    noteSession(caller, session.id);
    this.runner.requireReady();
    await this.pool.forSession(session.id).workspaceConfig.requireNoPlugins(session.directory);
    if (requestId === '') {
      await this.adopter.untilKnown(session.id);
      return this.runner.enqueue(task, ascendingMessageId(this.pool.forSession(session.id).clock.nowMs()), caller.principal.id);
    }
    return this.memory.getOrBegin(session.id, requestId, task.fingerprint, () => {
      const submission = this.begin(task, caller);
      void this.forgetWhatFailed(submission, () => this.memory.forget(session.id, requestId));
      return submission;
    });
  }

  /** Refuses now what would be refused later; only a request with a key may join a turn that is there. @throws GatewayError RESOURCE_EXHAUSTED */
  requireRoom({ requestId }: TurnTask, caller: Caller): void {
    if (requestId === '') this.registry.requireRoom(caller.principal.id);
  }

  /** What failed to begin may be tried again; of what was interrupted OpenCode's records know more than we do. */
  private async forgetWhatFailed(submission: Promise<Submission>, forget: () => void): Promise<void> {
    try {
      const { turn, accepted } = await submission;
      await accepted;
      if ((await turn.ended).state === 'interrupted') forget();
    } catch {
      forget();
    }
  }

  private async begin(task: TurnTask, caller: Caller): Promise<Submission> {
    const { requestId } = task;
    const { id: sessionId } = task.session;
    const id = task.messageId ?? derivedMessageId([sessionId, requestId], task.fingerprint);
    return (
      this.findRunning(sessionId, id, requestId) ?? (await this.findPast(task, id)) ?? this.runner.enqueue(task, id, caller.principal.id)
    );
  }

  private findRunning(sessionId: string, id: string, requestId: string): Submission | undefined {
    const turn = this.registry.find(sessionId, id);
    if (turn === undefined) return undefined;
    turn.requestId = requestId;
    return begun(turn);
  }

  /** It may be known to OpenCode alone. */
  private async findPast({ requestId, kind, session }: TurnTask, id: string): Promise<Submission | undefined> {
    const { id: sessionId, directory } = session;
    for (;;) {
      const past = await this.records.recall({ sessionId, directory }, id);
      if (past.type === 'ended') return begun(endedTurn({ id, sessionId, directory, requestId, kind }, past));
      if (past.type === 'running') this.adopter.consider(sessionId);
      await this.adopter.untilKnown(sessionId);
      const running = this.findRunning(sessionId, id, requestId);
      // One that ran a moment ago and is not found has ended: the records tell how.
      if (running !== undefined || past.type !== 'running') return running;
    }
  }
}

/** It began elsewhere: there is nothing to wait for. */
function begun(turn: Turn): Submission {
  return { turn, accepted: Promise.resolve() };
}
