import { randomUUID } from 'node:crypto';
import type { GatewayEvent, TextDelta, TurnUpdate } from '../../event/event.model.js';
import type { MessageFailure, MessageInfo, Part, TextPart, ToolPart } from '../../message/message.model.js';
import { TurnQuestions } from '../../message/turn.questions.js';
import {
  isTerminal,
  type Ask,
  type Resolution,
  type Said,
  type TaskEvent,
  type TaskRef,
  type TaskState,
  type TaskView,
  type TerminalState,
} from '../a2a.model.js';
import type { TaskPlace } from '../wire/layout.js';
import { TaskLog } from './task.log.js';
import { toTaskState } from './task-state.mapper.js';
import { TaskOutput, type OutputEvent } from './task.output.js';

/** What a task's feed knows before its first event. */
export interface TaskOrigin {
  readonly ref: TaskRef;
  readonly contextId: string;
  readonly sessionTitle: string;
  readonly directory: string;
  readonly said: readonly Said[];
  readonly createdAtMs: number;
}

/** Who looks after a feed. */
export interface TaskKeeper {
  /** Told how the turn ended; calls `end` with the state that counts. */
  settle(state: TerminalState, failure: MessageFailure | undefined): void;
  onAsk(): void;
  onResolution(): void;
  onEnd(): void;
}

const NOBODY: TaskKeeper = {
  settle: () => undefined,
  onAsk: () => undefined,
  onResolution: () => undefined,
  onEnd: () => undefined,
};

type Unnumbered = OutputEvent | Omit<Extract<TaskEvent, { type: 'status' }>, 'sequence' | 'atMs'>;

/**
 * The life of one task as this gateway sees it: fed with the events of its session, read at any pace by any number of readers.
 *
 * An event costs the same whatever went before and however many read. The first terminal state stays, whatever comes later.
 */
export class TaskFeed {
  readonly ref: TaskRef;
  /** Sequences mean something within it. */
  readonly epoch = randomUUID().slice(0, 8);
  /** What every event of the task repeats. */
  readonly place: TaskPlace;
  state: TaskState = 'submitted';
  sequence = 0;
  /** Of the newest change of state, or of what is asked. */
  statusSequence = 0;
  private changedAtMs: number;
  private failure: MessageFailure | undefined;
  private readonly asks = new Map<string, Ask>();
  private readonly output = new TaskOutput();
  private readonly log = new TaskLog();
  private readonly questions: TurnQuestions;
  private readonly waiting = new Set<() => void>();
  private readonly waitingForState = new Set<() => void>();
  private said: readonly Said[];
  private wasRewritten = false;
  private broken: Error | undefined;

  constructor(
    origin: TaskOrigin,
    private readonly keeper: TaskKeeper = NOBODY,
  ) {
    const { ref, contextId, sessionTitle, directory } = origin;
    this.ref = ref;
    this.place = { id: ref.id, sessionId: ref.sessionId, contextId, sessionTitle, directory };
    this.said = origin.said;
    this.changedAtMs = origin.createdAtMs;
    this.questions = new TurnQuestions(ref.turnId);
  }

  get isTerminal(): boolean {
    return isTerminal(this.state);
  }

  /** Nothing more will be told here. */
  get isOver(): boolean {
    return this.isTerminal || this.broken !== undefined;
  }

  get view(): TaskView {
    return {
      ...this.ref,
      ...this.place,
      said: this.said,
      wasRewritten: this.wasRewritten,
      state: this.state,
      changedAtMs: this.changedAtMs,
      sequence: this.sequence,
      statusSequence: this.statusSequence,
      asks: [...this.asks.values()],
      failure: this.failure,
      lanes: this.output.lanes(),
      usage: this.output.usage(),
    };
  }

  /** @throws what broke it off before its end */
  requireWhole(): void {
    if (this.broken !== undefined && !this.isTerminal) throw this.broken;
  }

  /** What followed a sequence; undefined when only the whole view can tell it. @throws what broke the feed */
  since(sequence: number): TaskEvent[] | undefined {
    const events = sequence > this.sequence ? undefined : this.log.since(sequence);
    if (events?.length === 0) this.requireWhole();
    return events;
  }

  /** Resolves once there is more than a sequence, or nothing more will come, or nobody waits any longer. */
  untilChanged(sequence: number, signal: AbortSignal): Promise<void> {
    return this.sequence > sequence ? Promise.resolve() : this.wait(this.waiting, signal);
  }

  /** The same for changes of state and of what is asked: most events are neither. */
  untilStateChanged(sequence: number, signal: AbortSignal): Promise<void> {
    return this.statusSequence > sequence ? Promise.resolve() : this.wait(this.waitingForState, signal);
  }

  private async wait(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
    if (this.isOver || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Takes in what is known of the turn from OpenCode's records; nobody reads yet. */
  recall(own: MessageInfo | undefined, messages: readonly { readonly info: MessageInfo; readonly parts: readonly Part[] }[]): void {
    if (own !== undefined) this.questions.begin(own.createdAtMs);
    for (const { info, parts } of messages) {
      this.observeMessage(info);
      for (const part of parts) this.observePart(part);
    }
  }

  /** Takes in an event of the session or of one of its sub-agents. */
  observe(event: GatewayEvent): void {
    if (this.isTerminal) return;
    switch (event.type) {
      case 'turn_updated':
        return event.turn.turnId === this.ref.turnId ? this.observeTurn(event.turn) : undefined;
      case 'permission_asked':
        return this.ask({ type: 'permission', id: event.permission.id, permission: event.permission });
      case 'question_asked':
        return this.ask({ type: 'question', id: event.question.id, question: event.question });
      case 'permission_replied':
        return this.close(event.permissionId, event.reply);
      case 'question_closed':
        return this.close(event.questionId, event.rejected ? 'rejected' : 'replied');
      default:
        if (event.sessionId === this.ref.sessionId) this.observeOwn(event);
    }
  }

  /** Where the turn stands. */
  observeTurn({ state, failure }: TurnUpdate): void {
    const next = toTaskState(state);
    if (isTerminal(next)) return this.keeper.settle(next, failure);
    // What is asked decides whether it waits, and is told by its own events.
    if (this.asks.size === 0 && next !== 'input_required') this.change(next);
  }

  /** The first end counts. @param atMs - when, where records tell it */
  end(state: TerminalState, failure?: MessageFailure, atMs?: number): void {
    if (this.isTerminal) return;
    this.failure = failure;
    this.asks.clear();
    this.tell({ type: 'status', state, failure, usage: this.output.usage() }, atMs);
    this.keeper.onEnd();
  }

  /** Its caller answered what was asked. */
  hear(said: Said): void {
    this.said = [...this.said, said];
  }

  /** Nothing more will be heard, though the task goes on: readers come back elsewhere. */
  break(error: unknown): void {
    this.broken ??= error instanceof Error ? error : new Error(String(error));
    wake(this.waitingForState);
    wake(this.waiting);
  }

  private observeOwn(event: GatewayEvent): void {
    switch (event.type) {
      case 'message_updated':
        return this.observeMessage(event.message);
      case 'part_updated':
        return this.observePart(event.part);
      case 'part_delta':
        return this.grow(event.delta);
      case 'part_removed':
        return this.tellOutput(this.output.remove(event.partId));
      case 'session_deleted':
        return this.keeper.settle('canceled', undefined);
      default:
        return undefined;
    }
  }

  private observeMessage(message: MessageInfo): void {
    if (message.role === 'user') return this.questions.observeWithin(message);
    if (!message.isSummary && this.questions.areAnsweredBy(message)) this.output.note(message);
  }

  private observePart(part: TextPart | ToolPart | Part): void {
    if (part.type === 'text' || part.type === 'reasoning') this.tellOutput(this.output.setText(part));
    else if (part.type === 'tool') this.tellOutput(this.output.setTool(part));
  }

  private grow(delta: TextDelta): void {
    this.tellOutput(this.output.grow(delta));
  }

  private ask(ask: Ask): void {
    // What is asked while it waits for its turn, an earlier one asks.
    if (this.state === 'submitted' || this.asks.has(ask.id)) return;
    this.asks.set(ask.id, ask);
    this.tell({ type: 'status', state: 'input_required', ask });
    this.keeper.onAsk();
  }

  private close(askId: string, outcome: Resolution['outcome']): void {
    const ask = this.asks.get(askId);
    if (ask === undefined) return;
    this.asks.delete(askId);
    const [next] = this.asks.values();
    const state = next === undefined ? 'working' : 'input_required';
    this.tell({ type: 'status', state, resolution: { askId, type: ask.type, outcome }, next });
    this.keeper.onResolution();
  }

  private change(state: TaskState): void {
    if (state !== this.state) this.tell({ type: 'status', state });
  }

  private tellOutput(event: OutputEvent | undefined): void {
    if (event === undefined) return;
    this.wasRewritten ||= event.type === 'rewrite';
    this.tell(event);
  }

  private tell(event: Unnumbered, atMs = Date.now()): void {
    this.sequence += 1;
    this.log.push({ ...event, sequence: this.sequence, atMs });
    if (event.type === 'status') {
      this.state = event.state;
      this.changedAtMs = atMs;
      this.statusSequence = this.sequence;
      wake(this.waitingForState);
    }
    wake(this.waiting);
  }
}

function wake(waiting: ReadonlySet<() => void>): void {
  for (const done of [...waiting]) done();
}
