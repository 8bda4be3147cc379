import type { TurnState } from '../event/event.model.js';
import type { Message, MessageFailure, MessageInfo } from './message.model.js';

export type FinalState = Extract<TurnState, 'completed' | 'failed' | 'aborted' | 'rejected' | 'interrupted'>;

/** How a turn ended. */
export interface Verdict {
  readonly state: FinalState;
  readonly failure: MessageFailure | undefined;
}

/** What answers a turn: a model, a shell, or the summary of a history. */
export type TurnKind = 'prompt' | 'shell' | 'summary';

/** After these the model is called again. */
const UNFINISHED: ReadonlySet<string> = new Set(['tool-calls', 'unknown']);

const ABORTED = 'MessageAbortedError';
/** Ends nothing: OpenCode compacts and goes on in the same turn. */
const OVERFLOW = 'ContextOverflowError';

/** OpenCode took it, and does nothing about it. */
export const NOT_STARTED: Verdict = interrupted('TurnNotStarted', 'OpenCode took the prompt but did not run it');

/** OpenCode never had it. */
export const ABORTED_UNSENT: Verdict = { state: 'aborted', failure: undefined };

export const SESSION_DELETED: Verdict = { state: 'aborted', failure: { name: 'SessionDeleted', message: 'The session was deleted' } };

export function interrupted(name: string, message: string): Verdict {
  return { state: 'interrupted', failure: { name, message } };
}

/** Whether an assistant message can be the last word of a turn of this kind. */
export function isAnswer({ role, isSummary }: MessageInfo, kind: TurnKind): boolean {
  return role === 'assistant' && (!isSummary || kind === 'summary');
}

/** What an assistant message says of its turn's end; undefined while it is not the last word. */
export function judge(kind: TurnKind, message: MessageInfo, abortRequested: boolean): Verdict | undefined {
  return kind === 'shell' ? judgeShell(message, abortRequested) : judgeAnswer(message);
}

/** An abort is an error too, whoever asked for it: here, at another gateway or in OpenCode's own interface. */
export function judgeFailure(failure: MessageFailure): Verdict {
  return { state: failure.name === ABORTED ? 'aborted' : 'failed', failure };
}

/** Whether an assistant message is the last word of its turn. `session.idle` is not: it comes early, late and several times. */
export function judgeAnswer(message: MessageInfo): Verdict | undefined {
  const { failure, finish, completedAtMs } = message;
  if (failure?.name === OVERFLOW) return undefined;
  if (failure !== undefined) return judgeFailure(failure);
  if (completedAtMs === undefined || finish === undefined || UNFINISHED.has(finish)) return undefined;
  return { state: 'completed', failure: undefined };
}

/** A shell line is answered by one message that no model wrote: it has no finish, and does not say that it was aborted. */
function judgeShell({ failure, completedAtMs }: MessageInfo, abortRequested: boolean): Verdict | undefined {
  if (failure !== undefined) return judgeFailure(failure);
  return completedAtMs === undefined ? undefined : { state: abortRequested ? 'aborted' : 'completed', failure: undefined };
}

/** What a message says of a turn whose session does nothing any more. */
export function judgeIdle(last: Message): Verdict {
  const verdict = judgeAnswer(last.info);
  if (verdict !== undefined) return verdict;
  const { failure, finish, completedAtMs } = last.info;
  if (failure !== undefined) return { state: 'failed', failure };
  if (wasRejected(last)) return { state: 'rejected', failure: undefined };
  // An abort in the wait before a retry leaves neither a reason nor an error.
  if (completedAtMs !== undefined && finish === undefined) return { state: 'aborted', failure: undefined };
  return interrupted('TurnInterrupted', 'OpenCode stopped in the middle of the turn');
}

function wasRejected({ parts }: Message): boolean {
  return parts.some((part) => part.type === 'tool' && part.status !== 'success' && /rejected|dismissed/.test(part.error ?? ''));
}
