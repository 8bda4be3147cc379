import { unlessMissing } from '../../common/errors/gateway-error.js';
import type { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamHistory } from './message.mapper.js';
import type { Message } from './message.model.js';
import { continuationIdsOf, findTurn, lastAnswerOf, untilNextTurn, type TurnRest } from './turn.history.js';
import type { Conclusion, Turn } from './turn.js';
import { judgeFailure, judgeIdle, NOT_STARTED, SESSION_DELETED, type Verdict } from './turn.verdict.js';

/** Newest messages that are looked at; a turn's steps beyond it do not matter, its last one does. */
const LOOK_BACK = 10;
/** A session is not busy for a moment after it accepted a prompt, nor between steps: what looks unfinished is looked at twice. */
const SECOND_LOOK_AFTER_MS = 1_000;

/** Asks OpenCode's records how a turn stands, where its events leave that open. */
export class TurnReconciler {
  constructor(private readonly pool: OpencodePool) {}

  /** Undefined while the turn goes on. */
  async look(turn: Turn): Promise<Conclusion | undefined> {
    const first = await this.lookOnce(turn);
    if (first === undefined || first.verdict.state !== 'interrupted') return first;
    await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_AFTER_MS));
    return turn.isEnded ? undefined : this.lookOnce(turn);
  }

  private async lookOnce(turn: Turn): Promise<Conclusion | undefined> {
    const { client } = this.pool.forSession(turn.sessionId);
    const mightStart = turn.abortRequested && turn.mayStillStart(Date.now());
    // The status first: a session that was idle then had already written its last message.
    const statuses = await client.statuses(turn.directory);
    const behind = await this.lookBehind(turn);
    if (behind === undefined) return { verdict: SESSION_DELETED, message: undefined };
    const last = lastAnswerOf(behind.rest, turn.kind);
    const isDecided = last !== undefined && turn.read(last.info) !== undefined;
    // Another gateway may have put a prompt behind a turn that still runs.
    if (statuses[turn.sessionId] !== undefined && (behind.isLast || (!isDecided && !behind.isOvertaken))) {
      turn.continueWith(continuationIdsOf(behind));
      return undefined;
    }
    if (mightStart && !isDecided) return undefined;
    return toConclusion(turn, last);
  }

  /** What OpenCode put behind the turn's own message, in its own order; ids tell nothing. Undefined when the session is gone. */
  private async lookBehind(turn: Turn): Promise<TurnRest | undefined> {
    const { client } = this.pool.forSession(turn.sessionId);
    const page = await client.messages(turn.sessionId, LOOK_BACK).catch(unlessMissing);
    if (page === undefined) return undefined;
    const messages = page.messages.map(fromUpstreamHistory);
    const found = findTurn(messages, turn.id);
    if (found !== undefined) return found;
    const own = await client.message(turn.sessionId, turn.id).catch(unlessMissing);
    return own === undefined ? { rest: [], isLast: true, isOvertaken: false } : untilNextTurn(messages, 0);
  }
}

function toConclusion(turn: Turn, last: Message | undefined): Conclusion {
  if (last === undefined) return { verdict: withoutAnswer(turn), message: undefined };
  const verdict = turn.read(last.info) ?? judgeIdle(last);
  const wasAborted = verdict.state === 'interrupted' && turn.abortRequested;
  return { verdict: wasAborted ? { state: 'aborted', failure: undefined } : verdict, message: last.info };
}

/** The session does nothing and no message answers the prompt. */
function withoutAnswer(turn: Turn): Verdict {
  if (turn.abortRequested) return { state: 'aborted', failure: undefined };
  if (turn.lastFailure !== undefined) return judgeFailure(turn.lastFailure);
  return NOT_STARTED;
}
