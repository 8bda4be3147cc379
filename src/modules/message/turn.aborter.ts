import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { AskService } from '../ask/ask.service.js';
import { SessionService } from '../session/session.service.js';
import type { Turn } from './turn.js';
import { TurnRegistry } from './turn.registry.js';
import { TurnRunner } from './turn.runner.js';
import { ABORTED_UNSENT } from './turn.verdict.js';
import { GRACE_MS } from './turn.watch.js';

/** OpenCode unwinds an aborted run in 20 to 300 ms. */
const ABORT_TIMEOUT_MS = 15_000;

/** Ends what a session does before it ends by itself. */
@Injectable()
export class TurnAborter {
  constructor(
    private readonly pool: OpencodePool,
    private readonly asks: AskService,
    private readonly sessions: SessionService,
    private readonly registry: TurnRegistry,
    private readonly runner: TurnRunner,
  ) {
    sessions.onDelete((sessionId) => this.abortAll(sessionId));
  }

  /** Ends the running turn and the queued ones, and rejects what they asked; returns when that is done. @throws GatewayError NOT_FOUND; DEADLINE_EXCEEDED */
  async abort(sessionId: string): Promise<void> {
    await this.sessions.get(sessionId);
    await this.abortAll(sessionId);
  }

  /**
   * Ends one turn and no other: one that waits never begins, and behind one that runs nothing begins until its abort was answered, for
   * OpenCode aborts whatever the session does then. Nothing happens when it has ended.
   *
   * @throws GatewayError DEADLINE_EXCEEDED
   */
  async abortOne(sessionId: string, turnId: string): Promise<void> {
    const turn = this.registry.find(sessionId, turnId);
    if (turn === undefined) return;
    if (turn.state === 'queued') return turn.end(ABORTED_UNSENT);
    turn.requestAbort(Date.now());
    const aborted = this.abortRunning(sessionId, [turn]);
    turn.aftermath = aborted.catch(() => undefined);
    await aborted;
  }

  /** The same of a session that is known to exist. @throws GatewayError DEADLINE_EXCEEDED */
  async abortAll(sessionId: string): Promise<void> {
    const turns = this.registry.ofSession(sessionId);
    for (const turn of turns.filter(({ state }) => state === 'queued')) turn.end(ABORTED_UNSENT);
    const running = turns.filter((turn) => !turn.isEnded);
    for (const turn of running) turn.requestAbort(Date.now());
    await this.abortRunning(sessionId, running);
  }

  private async abortRunning(sessionId: string, running: readonly Turn[]): Promise<void> {
    await this.pool.forSession(sessionId).client.abort(sessionId);
    // It would stay in OpenCode's lists until somebody answers it.
    await this.asks.rejectAll(sessionId);
    await Promise.all(running.map((turn) => this.untilEnded(turn)));
  }

  /** @throws GatewayError DEADLINE_EXCEEDED when OpenCode does not let go of the turn. */
  private async untilEnded(turn: Turn): Promise<void> {
    for (const deadlineMs = Date.now() + ABORT_TIMEOUT_MS; !turn.isEnded;) {
      await Promise.race([turn.ended, new Promise((resolve) => setTimeout(resolve, GRACE_MS))]);
      if (turn.isEnded) return;
      await this.runner.settle(turn);
      // The first abort may have come before the run did.
      if (!turn.isEnded) await this.pool.forSession(turn.sessionId).client.abort(turn.sessionId);
      if (Date.now() > deadlineMs)
        throw new GatewayError('DEADLINE_EXCEEDED', `The turn in session ${turn.sessionId} does not end`, { reason: 'ABORT_TIMEOUT' });
    }
  }
}
