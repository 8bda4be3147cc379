import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import type { UpstreamMessage, UpstreamMessageWithParts } from '../../src/common/opencode/opencode.types.js';
import { finalStates } from '../support/conversation.js';
import type { ScriptedRequest } from '../support/scripted-model.js';
import type { Sent } from './play.js';
import type { ReaderNotes } from './reader.js';
import type { RecordedEvent } from './records.js';
import { checkText } from './text-invariants.js';

type SentPrompt = Omit<Sent, 'caller'>;

/** What is known of one session when its run is over and all is quiet. */
export interface Evidence {
  readonly sessionId: string;
  readonly readers: readonly ReaderNotes[];
  readonly sent: readonly SentPrompt[];
  readonly aborted: boolean;
  /** Types of the frames that never reached the gateway, without a sign. */
  readonly dropped: readonly string[];
  readonly history: readonly RecordedEvent[];
  /** The same of its sub-agents' sessions, by their ids. */
  readonly children: ReadonlyMap<string, readonly RecordedEvent[]>;
  readonly messages: readonly UpstreamMessageWithParts[];
  readonly requests: readonly ScriptedRequest[];
}

/** Everything that does not hold, in words; empty when all does. */
export function violationsOf(evidence: Evidence): string[] {
  return [
    ...evidence.readers.flatMap((reader) => [
      ...checkDurable(reader, evidence),
      ...checkChildren(reader, evidence),
      ...checkText(reader, evidence),
    ]),
    ...checkTurns(evidence),
    ...evidence.sent.flatMap((sent) => [...checkOutcome(sent, evidence), ...checkOnce(sent, evidence)]),
  ].map((violation) => `${evidence.sessionId}: ${violation}`);
}

const SHOWN_PARTS: ReadonlySet<string> = new Set(['text', 'reasoning', 'tool', 'file']);

/** Of OpenCode's durable events callers see all but its bookkeeping parts and the texts it wrote for the model alone. */
export function isShown({ data: { part } }: RecordedEvent): boolean {
  return part === undefined || (SHOWN_PARTS.has(part.type) && part.synthetic !== true && part.ignored !== true);
}

/** Every durable event in order, exactly once; only a resync excuses what is missing behind it. */
function checkDurable(reader: ReaderNotes, { sessionId, history }: Evidence): string[] {
  const idOf = new Map(history.filter(isShown).map(({ seq, id }) => [seq, id]));
  const found: string[] = [];
  let last = 0;
  let excused = false;
  const expectNoneBefore = (sequence: number): void => {
    const missing = history.filter((event) => isShown(event) && event.seq > last && event.seq < sequence).map(nameOf);
    if (missing.length > 0 && !excused) found.push(`${reader.name} lost ${missing.join(', ')}`);
  };
  for (const event of reader.events) {
    if (event.event.case === 'resync') excused = true;
    if (event.sequence === undefined || event.sessionId !== sessionId) continue;
    const sequence = Number(event.sequence);
    if (sequence <= last) found.push(`${reader.name} got ${sequence} behind ${last}`);
    else expectNoneBefore(sequence);
    if (idOf.get(sequence) !== event.eventId) found.push(`${reader.name} got ${event.eventId} at ${sequence}, not ${idOf.get(sequence)}`);
    last = Math.max(last, sequence);
    excused = false;
  }
  expectNoneBefore(Infinity);
  return found;
}

/** For whoever looks into a violation. */
function nameOf({ seq, type, data: { part } }: RecordedEvent): string {
  return `${seq} (${type}${part === undefined ? '' : ` ${part.type}`})`;
}

/** A sub-agent's events in their order, exactly once. */
function checkChildren(reader: ReaderNotes, { children }: Evidence): string[] {
  if (reader.events.some(({ event }) => event.case === 'resync')) return [];
  return [...children].flatMap(([childId, history]) => {
    const found: string[] = [];
    const told = new Set<number>();
    let last = -1;
    for (const entry of reader.entries) {
      if (entry.kind !== 'event' || entry.event.sessionId !== childId || entry.event.sequence === undefined) continue;
      const sequence = Number(entry.event.sequence);
      if (sequence <= last) found.push(`${reader.name} got ${sequence} of ${childId} behind ${last}`);
      told.add(sequence);
      last = sequence;
    }
    const missing = history.filter((event) => isShown(event) && !told.has(event.seq)).map(({ seq }) => seq);
    return missing.length === 0 ? found : [...found, `${reader.name} lost ${missing.join(', ')} of ${childId}`];
  });
}

/** After these the model is called again. */
const UNFINISHED: ReadonlySet<string> = new Set(['tool-calls', 'unknown']);

type Answer = Extract<UpstreamMessage, { role: 'assistant' }>;

function answersOf(turnId: string, messages: readonly UpstreamMessageWithParts[]): Answer[] {
  return messages.flatMap(({ info }) => (info.role === 'assistant' && info.parentID === turnId ? [info] : []));
}

/** Whether OpenCode's records say that a prompt was answered to its end. */
function isCompleted(turnId: string, messages: readonly UpstreamMessageWithParts[]): boolean {
  const last = answersOf(turnId, messages).at(-1);
  if (last === undefined || last.error !== undefined) return false;
  return last.time.completed !== undefined && last.finish !== undefined && !UNFINISHED.has(last.finish);
}

/** What the records have of a turn, for whoever looks into a violation. */
function recordOf(turnId: string, messages: readonly UpstreamMessageWithParts[]): string {
  const isThere = messages.some(({ info }) => info.id === turnId);
  const answers = answersOf(turnId, messages).map(({ id, finish, error, time }) => ({
    id,
    finish,
    error: error?.name,
    completed: time.completed,
  }));
  return `${isThere ? 'prompt' : 'no prompt'}, answers ${JSON.stringify(answers)}`;
}

/**
 * The ends that a reader was told of each turn. Who comes back or begins anew may be told an end again, for nothing says that it was received.
 *
 * Two ends are none when the request is made again: that of an interrupted turn, and of one that was aborted in the queue of a
 * gateway, of which another knows nothing. Where that is over before the first gateway looks, its second life is told by its end alone.
 */
function finalsByTurn({ entries }: ReaderNotes): Map<string, TurnState[]> {
  const finals = new Map<string, TurnState[]>();
  const last = new Map<string, TurnState>();
  const unsent = new Set<string>();
  let repeated = new Map<string, TurnState>();
  for (const entry of entries) {
    if (entry.kind === 'opened' || (entry.kind === 'event' && entry.event.event.case === 'resync'))
      repeated = new Map([...finals].flatMap(([turnId, states]) => states.slice(-1).map((state) => [turnId, state])));
    if (entry.kind !== 'event') continue;
    const { event } = entry.event;
    if (event.case !== 'turnUpdated') continue;
    const { turnId } = event.value;
    const [state] = finalStates([entry.event]);
    // Not where the same end is told once more to who came back.
    if (repeated.get(turnId) !== state && unsent.delete(turnId)) finals.delete(turnId);
    if (state === TurnState.ABORTED && last.get(turnId) === TurnState.QUEUED) unsent.add(turnId);
    last.set(turnId, event.value.state);
    if (state === undefined) continue;
    const before = (finals.get(turnId) ?? []).filter((each) => each !== TurnState.INTERRUPTED);
    if (repeated.get(turnId) === state) repeated.delete(turnId);
    else finals.set(turnId, [...before, state]);
  }
  return finals;
}

/** One final state a turn, and the one that OpenCode's records bear out. */
function checkTurns({ readers, messages, aborted }: Evidence): string[] {
  return readers.flatMap((reader) =>
    [...finalsByTurn(reader)].flatMap(([turnId, states]) => {
      const told = states.map((state) => TurnState[state]).join(', ');
      const found = states.length === 1 ? [] : [`${reader.name} was told ${states.length} ends of ${turnId}: ${told}`];
      if (states.some((state) => !agrees(state, isCompleted(turnId, messages), aborted))) {
        found.push(`${reader.name} was told ${told} of ${turnId}, but the records have: ${recordOf(turnId, messages)}`);
      }
      return found;
    }),
  );
}

/** An abort may come when the answer has just been completed. */
function agrees(state: TurnState, completed: boolean, aborted: boolean): boolean {
  if (state === TurnState.COMPLETED) return completed;
  return !completed || (aborted && state === TurnState.ABORTED);
}

const ABORTED = 10;

/** The sender got an answer that is true, or an error that a client can understand. */
function checkOutcome({ requestId, outcome }: SentPrompt, { messages, aborted }: Evidence): string[] {
  if (outcome === undefined) return [`${requestId} was never answered`];
  if (outcome.kind === 'accepted') return [];
  if (outcome.kind === 'wrong') return [`${requestId}: ${outcome.what}`];
  const completed = messages.some(({ info, parts }) => isPrompt(parts, requestId) && isCompleted(info.id, messages));
  if (outcome.kind === 'answered') {
    return agrees(outcome.state, completed, aborted)
      ? []
      : [`${requestId} was answered ${TurnState[outcome.state]}, which the records do not bear out`];
  }
  const { code, reason, message } = outcome.error;
  const isUnderstood = reason === 'TURN_INTERRUPTED' || reason === 'TURN_FAILED' || (code === ABORTED && aborted);
  if (!isUnderstood) return [`${requestId} was refused: ${code} ${reason} ${message}`];
  return completed && !aborted ? [`${requestId} was refused (${reason}) though it was completed`] : [];
}

function isPrompt(parts: UpstreamMessageWithParts['parts'], requestId: string): boolean {
  return textsOf(parts).some((text) => text.startsWith(`${requestId} `));
}

function textsOf(parts: UpstreamMessageWithParts['parts']): string[] {
  return parts.flatMap((part) => (part.type === 'text' && 'text' in part && typeof part.text === 'string' ? [part.text] : []));
}

/** However often a prompt was sent, OpenCode has it once, with its text once, and the model was asked once. */
function checkOnce({ requestId, plan }: SentPrompt, { messages, requests }: Evidence): string[] {
  const prompts = messages.filter(({ info, parts }) => info.role === 'user' && isPrompt(parts, requestId));
  const found: string[] = [];
  if (prompts.length > 1) found.push(`${requestId} is ${prompts.length} times in the history`);
  if (prompts.some(({ parts }) => textsOf(parts).length !== 1)) found.push(`${requestId} has its text more than once`);
  plan.calls.forEach((operations, index) => {
    const retried = operations.reduce((sum, operation) => sum + (operation.t === 'http' ? (operation.times ?? 0) : 0), 0);
    const asked = requests.filter(({ promptText, callIndex }) => promptText.includes(`${requestId} `) && callIndex === index).length;
    if (asked > 1 + retried) found.push(`${requestId} asked the model ${asked} times for its call ${index}`);
  });
  return found;
}
