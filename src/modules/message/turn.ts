import type { GatewayEvent, TurnState, TurnUpdate } from '../event/event.model.js';
import type { Message, MessageFailure, MessageInfo } from './message.model.js';

export type FinalState = Extract<TurnState, 'completed' | 'failed' | 'aborted' | 'rejected' | 'interrupted'>;

/** How a turn ended, as far as a message tells. */
export interface Verdict {
  readonly state: FinalState;
  readonly failure: MessageFailure | undefined;
}

/** After these the model is called again. */
const UNFINISHED: ReadonlySet<string> = new Set(['tool-calls', 'unknown']);

const ABORTED = 'MessageAbortedError';
/** OpenCode opens a directory in less. */
const LATE_START_MS = 3_000;
/** Ends nothing: OpenCode compacts and goes on in the same turn. */
const OVERFLOW = 'ContextOverflowError';

/** Whether an assistant message is the last word of its turn. `session.idle` is not: it comes early, late and several times. */
export function judgeAnswer(message: MessageInfo): Verdict | undefined {
  const { failure, finish, completedAtMs } = message;
  if (failure?.name === OVERFLOW) return undefined;
  if (failure !== undefined) return { state: failure.name === ABORTED ? 'aborted' : 'failed', failure };
  if (completedAtMs === undefined || finish === undefined || UNFINISHED.has(finish)) return undefined;
  return { state: 'completed', failure: undefined };
}

function wasRejected({ parts }: Message): boolean {
  return parts.some((part) => part.type === 'tool' && part.status !== 'success' && /rejected|dismissed/.test(part.error ?? ''));
}

/** How a turn's assistant message is read; undefined while it is not the last word. */
export type Judge = (message: MessageInfo, abortRequested: boolean) => Verdict | undefined;

/** A shell line is answered by one message that no model wrote: it has no finish, and does not say that it was aborted. */
export function judgeShell({ failure, completedAtMs }: MessageInfo, abortRequested: boolean): Verdict | undefined {
  if (failure !== undefined) return { state: failure.name === ABORTED ? 'aborted' : 'failed', failure };
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
  return { state: 'interrupted', failure: { name: 'TurnInterrupted', message: 'OpenCode stopped in the middle of the turn' } };
}

export interface TurnIdentity {
  /** Id of the prompt's own message; of a shell line, an id of that form. */
  readonly id: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly requestId: string;
}

/**
 * One prompt and all that answers it: the state machine, fed with the session's events.
 *
 * `queued → admitted → running ⇄ waiting → completed | failed | aborted | rejected | interrupted`
 */
export class Turn {
  state: TurnState = 'queued';
  readonly createdAtMs = Date.now();
  lastEventAtMs = 0;
  /** The last error the session reported; it counts only where no message tells more. */
  lastFailure: MessageFailure | undefined;
  readonly id: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly requestId: string;
  readonly ended: Promise<TurnUpdate>;
  /** OpenCode works on it, or has ended it. */
  readonly started: Promise<void>;
  private abortRequestedAtMs: number | undefined;
  private wasIdleAfterAbort = false;
  private messageId: string | undefined;
  private finish: string | undefined;
  private failure: MessageFailure | undefined;
  private verdict: Verdict | undefined;
  private readonly asked = new Set<string>();
  private resolveEnded: (update: TurnUpdate) => void = () => undefined;
  private resolveStarted: () => void = () => undefined;

  constructor(
    identity: TurnIdentity,
    private readonly onChange: (turn: Turn) => void,
    private readonly judge: Judge = judgeAnswer,
  ) {
    this.id = identity.id;
    this.sessionId = identity.sessionId;
    this.directory = identity.directory;
    this.requestId = identity.requestId;
    this.started = new Promise((resolve) => (this.resolveStarted = resolve));
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
  }

  get isEnded(): boolean {
    return this.state !== 'queued' && this.state !== 'admitted' && this.state !== 'running' && this.state !== 'waiting';
  }

  get abortRequested(): boolean {
    return this.abortRequestedAtMs !== undefined;
  }

  requestAbort(nowMs: number): void {
    this.abortRequestedAtMs ??= nowMs;
  }

  /** An abort that comes before the run is lost when OpenCode has just opened the directory: the run begins all the same (measured). */
  mayStillStart(nowMs: number): boolean {
    const isFresh = this.abortRequestedAtMs === undefined || nowMs - this.abortRequestedAtMs < LATE_START_MS;
    return this.state === 'admitted' && isFresh && !this.wasIdleAfterAbort;
  }

  toUpdate(): TurnUpdate {
    const { id, state, requestId, messageId, finish, failure } = this;
    return { turnId: id, state, requestId, messageId, finish, failure };
  }

  admit(): void {
    this.change('admitted');
  }

  /** Takes in an event of the session or of one of its sub-agents; true when OpenCode's own records should be consulted soon. */
  observe(event: GatewayEvent, nowMs: number): boolean {
    if (this.isEnded || this.state === 'queued') return false;
    this.lastEventAtMs = nowMs;
    switch (event.type) {
      case 'permission_asked':
        return this.wait(event.permission.id);
      case 'question_asked':
        return this.wait(event.question.id);
      case 'permission_replied':
        return this.goOn(event.permissionId);
      case 'question_closed':
        return this.goOn(event.questionId);
      default:
        return event.sessionId === this.sessionId && this.observeOwn(event);
    }
  }

  /** Final: tells everybody who waits. */
  end(verdict: Verdict): void {
    if (this.isEnded) return;
    this.failure = verdict.failure;
    this.change(verdict.state);
    this.resolveEnded(this.toUpdate());
  }

  /** The message that decides, found in OpenCode's records. */
  adopt(message: MessageInfo): void {
    this.messageId = message.id;
    this.finish = message.finish;
  }

  /** What a message says of this turn's end. */
  read(message: MessageInfo): Verdict | undefined {
    return this.judge(message, this.abortRequested);
  }

  private observeOwn(event: GatewayEvent): boolean {
    switch (event.type) {
      case 'message_updated':
        return this.observeMessage(event.message);
      case 'session_status':
        return event.status.type === 'idle' ? this.observeIdle() : this.observeBusy();
      case 'session_failed':
        this.lastFailure = event.failure;
        return true;
      case 'session_deleted':
        this.end({ state: 'aborted', failure: { name: 'SessionDeleted', message: 'The session was deleted' } });
        return false;
      default:
        return false;
    }
  }

  private observeMessage(message: MessageInfo): boolean {
    // Ids ascend with time: what is older than the prompt belongs to an earlier turn.
    if (message.role !== 'assistant' || message.isSummary || message.id < this.id) return false;
    this.adopt(message);
    if (this.state === 'admitted') this.change('running');
    this.verdict = this.read(message);
    return this.verdict !== undefined;
  }

  private observeBusy(): boolean {
    if (this.state === 'admitted') this.change('running');
    return false;
  }

  private observeIdle(): boolean {
    this.wasIdleAfterAbort ||= this.abortRequested;
    if (this.verdict === undefined) return true;
    this.end(this.verdict);
    return false;
  }

  private wait(requestId: string): false {
    this.asked.add(requestId);
    if (this.state !== 'waiting') this.change('waiting');
    return false;
  }

  private goOn(requestId: string): false {
    this.asked.delete(requestId);
    if (this.asked.size === 0 && this.state === 'waiting') this.change('running');
    return false;
  }

  private change(state: TurnState): void {
    this.state = state;
    if (state !== 'admitted') this.resolveStarted();
    this.onChange(this);
  }
}
