import { Injectable } from '@nestjs/common';
import { GatewayError, unlessMissing } from '../../common/errors/gateway-error.js';
import { haveSameKey } from '../../common/opencode/opencode.ids.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamHistory } from './message.mapper.js';
import type { Message } from './message.model.js';
import { findTurn, lastAnswerOf, lastTurn, turnsOf, type PastTurn } from './turn.history.js';
import type { Conclusion, Turn } from './turn.js';
import { TurnReconciler } from './turn.reconciler.js';
import { judge, judgeIdle, NOT_STARTED } from './turn.verdict.js';

/** Newest messages among which a key is looked for with another body. */
export const KEY_LOOK_BACK = 20;
/** How much older history is read at a time. */
const PAGE_SIZE = 100;
/** A session is not busy for a moment after it accepted a prompt, nor between steps. */
const LOOK_AGAIN_AFTER_MS = 1_000;
/** OpenCode opens a directory in less, and is busy from then on. */
const START_MS = 3_000;

/** What became of a request that was made before, here or elsewhere. */
export type Recollection =
  | { readonly type: 'unknown' }
  | { readonly type: 'running'; readonly turn: PastTurn }
  /** OpenCode stored it and does nothing about it. */
  | { readonly type: 'unanswered' }
  | ({ readonly type: 'ended' } & Conclusion);

/** A session's newest turn. */
export interface LastTurn {
  readonly turn: PastTurn;
  /** Whether OpenCode works on it. */
  readonly isRunning: boolean;
}

interface Place {
  readonly sessionId: string;
  readonly directory: string;
}

/** What OpenCode's records tell of turns: ours, and those that began elsewhere or before. */
@Injectable()
export class TurnRecords {
  private readonly reconciler: TurnReconciler;

  constructor(private readonly pool: OpencodePool) {
    this.reconciler = new TurnReconciler(pool);
  }

  /** How a turn of ours stands; undefined while it goes on. */
  look(turn: Turn): Promise<Conclusion | undefined> {
    return this.reconciler.look(turn);
  }

  /** @throws GatewayError INVALID_ARGUMENT when its key was used with another body */
  async recall(place: Place, messageId: string): Promise<Recollection> {
    for (let looks = 1; ; looks += 1) {
      const { recollection, ageMs } = await this.recallOnce(place, messageId);
      if (isFirm(recollection) || (looks > 1 && ageMs > START_MS)) return recollection;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_AFTER_MS));
    }
  }

  async findLast(place: Place): Promise<LastTurn | undefined> {
    // The status before the messages: a session that was idle then had already written its last one.
    const isRunning = await this.isBusy(place);
    const turn = await this.readBackTo(place.sessionId, lastTurn);
    return turn && { turn, isRunning };
  }

  /** A turn as the history shows it; undefined when OpenCode has no such message. */
  async find(sessionId: string, messageId: string): Promise<PastTurn | undefined> {
    const own = await this.pool.forSession(sessionId).client.message(sessionId, messageId).catch(unlessMissing);
    return own && this.readBackTo(sessionId, (history) => findTurn(history, messageId));
  }

  /** Every turn of a session that OpenCode has, in order, and how those stand that have ended. */
  async list({ sessionId, directory }: Place): Promise<{ readonly turn: PastTurn; readonly conclusion: Conclusion | undefined }[]> {
    const isBusy = await this.isBusy({ sessionId, directory });
    const { messages } = await this.pool.forSession(sessionId).client.messages(sessionId);
    return turnsOf(messages.map(fromUpstreamHistory)).map((turn) => {
      const recollection = toRecollection(turn, isBusy);
      return { turn, conclusion: recollection.type === 'ended' ? recollection : undefined };
    });
  }

  /** The session's last turn, when it has ended. */
  async findEnded(place: Place): Promise<{ readonly turn: PastTurn; readonly conclusion: Conclusion } | undefined> {
    const last = await this.findLast(place);
    if (last === undefined || last.isRunning) return undefined;
    const found = await this.recall(place, last.turn.own.info.id);
    return found.type === 'ended' ? { turn: last.turn, conclusion: found } : undefined;
  }

  private async recallOnce(place: Place, messageId: string): Promise<{ readonly recollection: Recollection; readonly ageMs: number }> {
    const { sessionId } = place;
    const { client, clock } = this.pool.forSession(sessionId);
    const own = await client.message(sessionId, messageId).catch(unlessMissing);
    if (own === undefined) {
      if (await this.hasArrived(sessionId, messageId)) return this.recallOnce(place, messageId);
      return { recollection: { type: 'unknown' }, ageMs: 0 };
    }
    // The status before the messages: a session that was idle then had already written its last one.
    const isBusy = await this.isBusy(place);
    const turn = await this.readBackTo(sessionId, (history) => findTurn(history, messageId));
    const recollection: Recollection = turn === undefined ? { type: 'unknown' } : toRecollection(turn, isBusy);
    return { recollection, ageMs: clock.nowMs() - own.info.time.created };
  }

  /** Whether another replica has sent it just now. @throws GatewayError INVALID_ARGUMENT when its key was used with another body */
  private async hasArrived(sessionId: string, messageId: string): Promise<boolean> {
    const { messages } = await this.pool.forSession(sessionId).client.messages(sessionId, KEY_LOOK_BACK);
    const ids = messages.map(({ info }) => info.id);
    if (ids.some((id) => id !== messageId && haveSameKey(id, messageId)))
      throw GatewayError.invalid('request_id', 'was used before with another request');
    return ids.includes(messageId);
  }

  private async isBusy({ sessionId, directory }: Place): Promise<boolean> {
    return (await this.pool.forSession(sessionId).client.statuses(directory))[sessionId] !== undefined;
  }

  /** Reads as much of the history as it takes, the newest first. */
  private async readBackTo(sessionId: string, find: (history: readonly Message[]) => PastTurn | undefined): Promise<PastTurn | undefined> {
    const { client } = this.pool.forSession(sessionId);
    let history: readonly Message[] = [];
    for (let limit = KEY_LOOK_BACK, before: string | undefined; ; limit = PAGE_SIZE) {
      const page = await client.messages(sessionId, limit, before);
      history = [...page.messages.map(fromUpstreamHistory), ...history];
      const turn = find(history);
      before = page.nextCursor;
      if (turn !== undefined || before === undefined) return turn;
    }
  }
}

function toRecollection(turn: PastTurn, isBusy: boolean): Recollection {
  const last = lastAnswerOf(turn.rest, turn.kind);
  const verdict = last && judge(turn.kind, last.info, false);
  // Another gateway may have put a prompt behind a turn that still runs.
  if (isBusy && (turn.isLast || (verdict === undefined && !turn.isOvertaken))) return { type: 'running', turn };
  if (last !== undefined) return { type: 'ended', verdict: verdict ?? judgeIdle(last), message: last.info };
  return turn.isLast ? { type: 'unanswered' } : { type: 'ended', verdict: NOT_STARTED, message: undefined };
}

/** What looks unfinished may be about to go on. */
function isFirm(recollection: Recollection): boolean {
  return recollection.type !== 'unanswered' && !(recollection.type === 'ended' && recollection.verdict.state === 'interrupted');
}
