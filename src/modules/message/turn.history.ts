import type { Message } from './message.model.js';
import { isAnswer, type TurnKind } from './turn.verdict.js';

/** A turn as the history shows it: the user message that began it, and all that followed until the next turn. */
export interface PastTurn {
  readonly own: Message;
  readonly kind: TurnKind;
  readonly rest: readonly Message[];
  /** No other turn began behind it. */
  readonly isLast: boolean;
  /** One that began behind it is answered, so OpenCode does not come back to this one. */
  readonly isOvertaken: boolean;
}

/** What belongs to a turn, and what came of others behind it. */
export type TurnRest = Pick<PastTurn, 'rest' | 'isLast' | 'isOvertaken'>;

/** The turn that a message began, in a history in OpenCode's own order; undefined when the message is not there. */
export function findTurn(history: readonly Message[], messageId: string): PastTurn | undefined {
  const index = history.findIndex(({ info }) => info.id === messageId);
  const own = history[index];
  if (own === undefined || own.purpose === 'note') return undefined;
  return { own, kind: kindOf(own) ?? 'prompt', ...untilNextTurn(history, index + 1) };
}

/** What belongs to a turn that began before the index. */
export function untilNextTurn(history: readonly Message[], from: number): TurnRest {
  const behind = history.slice(from);
  const length = behind.findIndex((_, offset) => beginsTurn(history, from + offset));
  if (length === -1) return { rest: behind, isLast: true, isOvertaken: false };
  return { rest: behind.slice(0, length), isLast: false, isOvertaken: behind.slice(length).some(isAssistant) };
}

/** Every turn of a whole history, in order. */
export function turnsOf(history: readonly Message[]): PastTurn[] {
  const begins = history.flatMap((_, index) => (beginsTurn(history, index) ? [index] : []));
  return begins.flatMap((index) => {
    const own = history[index];
    return own === undefined ? [] : [{ own, kind: kindOf(own) ?? 'prompt', ...untilNextTurn(history, index + 1) }];
  });
}

/** The newest turn; undefined when it began before the history given. */
export function lastTurn(history: readonly Message[]): PastTurn | undefined {
  const index = history.findLastIndex((_, each) => beginsTurn(history, each));
  const own = history[index];
  return own && { own, kind: kindOf(own) ?? 'prompt', rest: history.slice(index + 1), isLast: true, isOvertaken: false };
}

function isAssistant({ info }: Message): boolean {
  return info.role === 'assistant';
}

function kindOf({ purpose }: Message): TurnKind | undefined {
  return purpose === 'continuation' || purpose === 'note' ? undefined : purpose;
}

function beginsTurn(history: readonly Message[], index: number): boolean {
  const message = history[index];
  return message !== undefined && kindOf(message) !== undefined && !isReplayed(history, index);
}

/** After a compaction that an overflow made necessary OpenCode puts the prompt again, as a message of its own. */
function isReplayed(history: readonly Message[], index: number): boolean {
  const before = history.slice(0, index);
  const asked = before.findLastIndex(({ info }) => info.role === 'user');
  const summary = before.slice(asked + 1).findLast(({ info }) => info.isSummary);
  return before[asked]?.purpose === 'continuation' && summary !== undefined && summary.info.failure === undefined;
}

/** The user messages that OpenCode made inside the turn. */
export function continuationIdsOf({ rest }: Pick<PastTurn, 'rest'>): string[] {
  return rest.filter(({ info }) => info.role === 'user').map(({ info }) => info.id);
}

/** The last word so far on a turn. A summary is none, unless it failed: the turn ended with it. */
export function lastAnswerOf(messages: readonly Message[], kind: TurnKind): Message | undefined {
  return messages.findLast(({ info }) => isAnswer(info, kind) || (info.isSummary && info.failure !== undefined));
}
