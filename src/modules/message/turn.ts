import type { GatewayEvent, TurnState, TurnUpdate } from '../event/event.model.js';
import type { MessageFailure, MessageInfo } from './message.model.js';
import { TurnQuestions } from './turn.questions.js';
import { isAnswer, judge, SESSION_DELETED, type TurnKind, type Verdict } from './turn.verdict.js';

/** OpenCode opens a directory in less. */
const LATE_START_MS = 3_000;

export interface TurnIdentity {
  /** Id of the user message that begins it. */
  readonly id: string;
  readonly sessionId: string;
  readonly directory: string;
  readonly requestId: string;
  readonly kind: TurnKind;
  /** Who began it here; undefined for what others began. */
  readonly principalId?: string;
}

/** The end of a turn and the message that decides it. */
export interface Conclusion {
  readonly verdict: Verdict;
  readonly message: MessageInfo | undefined;
}

/** What OpenCode's records tell of a turn that it works on already. */
export interface TurnBeginning {
  readonly createdAtMs: number;
  /** User messages that OpenCode made inside the turn. */
  readonly continuationIds: readonly string[];
  /** The last answer so far. */
  readonly answer: MessageInfo | undefined;
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
  /** Since when OpenCode has it, undefined while it is on its way. */
  handedAtMs: number | undefined;
  /** The last error the session reported; it counts only where no message tells more. */
  lastFailure: MessageFailure | undefined;
  readonly id: string;
  readonly sessionId: string;
  readonly directory: string;
  /** Of whoever sent it here; empty for a turn that began elsewhere. */
  requestId: string;
  readonly kind: TurnKind;
  readonly principalId: string | undefined;
  readonly ended: Promise<TurnUpdate>;
  /** OpenCode stored its message, works on it, or has ended it. */
  readonly taken: Promise<void>;
  isTaken = false;
  /** What the next turn of the session waits for beside this one's end. */
  aftermath: Promise<unknown> = Promise.resolve();
  private abortRequestedAtMs: number | undefined;
  private wasIdleAfterAbort = false;
  private messageId: string | undefined;
  private finish: string | undefined;
  private failure: MessageFailure | undefined;
  private verdict: Verdict | undefined;
  private readonly asked = new Set<string>();
  private readonly questions: TurnQuestions;
  private resolveEnded: (update: TurnUpdate) => void = () => undefined;
  private resolveTaken: () => void = () => undefined;

  constructor(
    identity: TurnIdentity,
    private readonly onChange: (turn: Turn) => void,
  ) {
    this.id = identity.id;
    this.sessionId = identity.sessionId;
    this.directory = identity.directory;
    this.requestId = identity.requestId;
    this.kind = identity.kind;
    this.principalId = identity.principalId;
    this.questions = new TurnQuestions(identity.id);
    this.taken = new Promise((resolve) => (this.resolveTaken = resolve));
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

  /**
   * Whether OpenCode may begin it after the abort: it is on its way there, or OpenCode has just opened the directory, where
   * an abort before the run is lost (measured).
   */
  mayStillStart(nowMs: number): boolean {
    if (this.state !== 'admitted') return false;
    if (this.handedAtMs === undefined) return true;
    const sinceMs = Math.max(this.abortRequestedAtMs ?? nowMs, this.handedAtMs);
    return nowMs - sinceMs < LATE_START_MS && !this.wasIdleAfterAbort;
  }

  toUpdate(): TurnUpdate {
    const { id, state, requestId, messageId, finish, failure } = this;
    return { turnId: id, state, requestId, messageId, finish, failure };
  }

  /** OpenCode is about to get it, for the first time or once more. */
  admit(nowMs: number): void {
    this.lastEventAtMs = nowMs;
    if (this.state === 'queued') this.change('admitted');
  }

  /** OpenCode works on it already. */
  resume({ createdAtMs, continuationIds, answer }: TurnBeginning, nowMs: number): void {
    this.handedAtMs = nowMs;
    this.lastEventAtMs = nowMs;
    this.questions.begin(createdAtMs);
    this.continueWith(continuationIds);
    this.verdict = answer && this.read(answer);
    this.change('running');
  }

  /** OpenCode made these messages inside the turn: their answers are its own. */
  continueWith(questionIds: readonly string[]): void {
    this.questions.add(...questionIds);
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

  /** As OpenCode's records tell its end. */
  conclude({ verdict, message }: Conclusion): void {
    if (message !== undefined) this.name(message);
    this.end(verdict);
  }

  /** What a message says of this turn's end. */
  read(message: MessageInfo): Verdict | undefined {
    return judge(this.kind, message, this.abortRequested);
  }

  private name(message: MessageInfo): void {
    this.messageId = message.id;
    this.finish = message.finish;
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
        this.end(SESSION_DELETED);
        return false;
      default:
        return false;
    }
  }

  private observeMessage(message: MessageInfo): boolean {
    if (message.role === 'user') return this.observeQuestion(message);
    if (!isAnswer(message, this.kind) || !this.questions.areAnsweredBy(message)) return false;
    this.name(message);
    if (this.state === 'admitted') this.change('running');
    this.verdict = this.read(message);
    return this.verdict !== undefined;
  }

  private observeQuestion(message: MessageInfo): boolean {
    const place = this.questions.observe(message);
    if (place === 'own') this.take();
    return place === 'later' && this.observeLaterQuestion();
  }

  /** OpenCode made it to go on with this turn, or another gateway to begin the next: behind the last word it is the latter, else the records tell. */
  private observeLaterQuestion(): boolean {
    if (this.verdict === undefined) return true;
    this.end(this.verdict);
    return false;
  }

  private observeBusy(): boolean {
    if (this.state === 'admitted') this.change('running');
    return false;
  }

  private observeIdle(): boolean {
    this.wasIdleAfterAbort ||= this.abortRequested && this.handedAtMs !== undefined;
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

  private take(): void {
    this.isTaken = true;
    this.resolveTaken();
  }

  private change(state: TurnState): void {
    this.state = state;
    if (state !== 'admitted') this.take();
    this.onChange(this);
  }
}
