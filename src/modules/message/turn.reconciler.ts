import type { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamHistory } from './message.mapper.js';
import type { Message, MessageInfo } from './message.model.js';
import { judgeIdle, type Turn, type Verdict } from './turn.js';

/** Newest messages that are looked at; a turn's steps beyond it do not matter, its last one does. */
const LOOK_BACK = 10;
/** A session is not busy for a moment after it accepted a prompt, nor between steps: what looks unfinished is looked at twice. */
const SECOND_LOOK_AFTER_MS = 1_000;

export interface Finding {
  readonly verdict: Verdict;
  readonly message: MessageInfo | undefined;
}

/** Asks OpenCode's records how a turn stands, where its events leave that open. */
export class TurnReconciler {
  constructor(private readonly pool: OpencodePool) {}

  /** Undefined while the turn goes on. */
  async look(turn: Turn): Promise<Finding | undefined> {
    const first = await this.lookOnce(turn);
    if (first === undefined || first.verdict.state !== 'interrupted') return first;
    await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_AFTER_MS));
    return turn.isEnded ? undefined : this.lookOnce(turn);
  }

  private async lookOnce(turn: Turn): Promise<Finding | undefined> {
    const { client } = this.pool.forSession(turn.sessionId);
    // The status first: a session that was idle then had already written its last message.
    const statuses = await client.statuses(turn.directory);
    if (statuses[turn.sessionId] !== undefined) return undefined;
    const { messages } = await client.messages(turn.sessionId, LOOK_BACK);
    const answer = messages
      .map(fromUpstreamHistory)
      .filter(({ info }) => info.role === 'assistant' && !info.isSummary && info.id > turn.id);
    const last = answer.at(-1);
    if (last === undefined && turn.abortRequested && turn.mayStillStart(Date.now())) return undefined;
    return toFinding(turn, last);
  }
}

function toFinding(turn: Turn, last: Message | undefined): Finding {
  if (last === undefined) return { verdict: withoutAnswer(turn), message: undefined };
  const verdict = turn.read(last.info) ?? judgeIdle(last);
  const wasAborted = verdict.state === 'interrupted' && turn.abortRequested;
  return { verdict: wasAborted ? { state: 'aborted', failure: undefined } : verdict, message: last.info };
}

/** The session does nothing and no message answers the prompt. */
function withoutAnswer(turn: Turn): Verdict {
  if (turn.abortRequested) return { state: 'aborted', failure: undefined };
  if (turn.lastFailure !== undefined) return { state: 'failed', failure: turn.lastFailure };
  return { state: 'interrupted', failure: { name: 'TurnNotStarted', message: 'OpenCode took the prompt but did not run it' } };
}
