import type { AskSpans } from '../../common/tracing/ask-spans.js';
import type { Attributes, Span, Tracer } from '../../common/tracing/tracer.js';
import type { GatewayEvent, TurnState, TurnUpdate } from '../event/event.model.js';
import type { MessageInfo, ToolPart } from './message.model.js';
import { toAskAttributes, toToolAttributes, toUsageAttributes } from './turn.trace.mapper.js';

/** Ends of a turn that somebody has to look at. */
const FAULTS: ReadonlySet<TurnState> = new Set(['failed', 'interrupted']);

/** What is traced of turns, and where. */
export interface TraceParts {
  readonly tracer: Tracer;
  readonly askSpans: AskSpans;
}

/**
 * One turn in a trace: the whole of it, its tools, and what it asked, until its true end. Fed with the session's events, as the turn is;
 * growing text is not among them.
 */
export class TurnTrace {
  private readonly tools = new Map<string, Span>();
  private readonly asks = new Map<string, Span>();
  /** By message: each step of a turn is one. */
  private readonly answers = new Map<string, MessageInfo>();
  private admittedAtMs: number | undefined;
  private hasBegun = false;

  constructor(
    private readonly span: Span,
    private readonly createdAtMs: number,
    private readonly parts: TraceParts,
  ) {}

  /** @param nowMs - when it happened */
  observe(event: GatewayEvent, nowMs: number): void {
    switch (event.type) {
      case 'turn_updated':
        return this.observeState(event.turn.state, nowMs);
      case 'message_updated':
        if (event.message.role === 'assistant') this.answers.set(event.message.id, event.message);
        return;
      case 'part_updated':
        return this.observePart(event, nowMs);
      case 'session_status':
        if (event.status.type === 'retry') this.span.event('retry');
        return;
      case 'permission_asked':
        return this.ask(event.permission.id, 'permission', event.permission.sessionId, event.permission.type);
      case 'question_asked':
        return this.ask(event.question.id, 'question', event.question.sessionId);
      case 'permission_replied':
        return this.close(event.permissionId, event.reply);
      case 'question_closed':
        return this.close(event.questionId, event.rejected ? 'reject' : 'answered');
      default:
    }
  }

  /** @param update - undefined where it goes on without this gateway */
  end(update: TurnUpdate | undefined): void {
    for (const tool of this.tools.values()) tool.end();
    for (const id of [...this.asks.keys()]) this.close(id, undefined);
    const state = update?.state;
    this.span.set({ 'opencode.turn.outcome': state ?? 'unfinished', ...toUsageAttributes([...this.answers.values()]) });
    this.span.end(state !== undefined && FAULTS.has(state) ? (update?.failure?.name ?? state) : undefined);
  }

  private observeState(state: TurnState, nowMs: number): void {
    if (state !== 'admitted' || this.admittedAtMs !== undefined) return;
    this.admittedAtMs = nowMs;
    this.span.event('admitted');
    this.span.set({ 'opencode.turn.queue_wait_ms': nowMs - this.createdAtMs });
  }

  private observePart({ part }: Extract<GatewayEvent, { type: 'part_updated' }>, nowMs: number): void {
    if (!this.hasBegun && this.answers.has(part.messageId)) {
      this.hasBegun = true;
      // A part is told of with the first that the model says.
      this.span.event('first token');
      this.span.set({ 'opencode.turn.first_token_ms': nowMs - (this.admittedAtMs ?? this.createdAtMs) });
    }
    if (part.type === 'tool') this.observeTool(part);
  }

  private observeTool(part: ToolPart): void {
    const known = this.tools.get(part.id);
    const isOver = part.status === 'success' || part.status === 'error' || part.status === 'cancelled';
    if (known === undefined && !isOver) this.tools.set(part.id, this.begin(`execute_tool ${part.tool}`, toToolAttributes(part)));
    if (known === undefined || !isOver) return;
    this.tools.delete(part.id);
    known.set({ 'opencode.tool.status': part.status });
    known.end(part.status === 'error' ? 'tool_error' : undefined);
  }

  /** An ask is told of again after a reconnect. */
  private ask(id: string, kind: 'permission' | 'question', sessionId: string, type?: string): void {
    if (this.asks.has(id)) return;
    const span = this.begin(`ask ${kind}`, toAskAttributes({ id, kind, type, sessionId }));
    this.asks.set(id, span);
    this.parts.askSpans.open(id, span);
  }

  private close(id: string, answer: string | undefined): void {
    const span = this.asks.get(id);
    if (span === undefined) return;
    this.asks.delete(id);
    this.parts.askSpans.close(id);
    span.set({ 'opencode.ask.answer': answer });
    span.end();
  }

  private begin(name: string, attributes: Attributes): Span {
    return this.parts.tracer.begin({ name, kind: 'internal', attributes }, this.span);
  }
}
