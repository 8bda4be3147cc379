import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AskSpans } from '../../common/tracing/ask-spans.js';
import { Tracer, type Span } from '../../common/tracing/tracer.js';
import { EventHub } from '../event/event.hub.js';
import type { Turn } from './turn.js';
import { TurnTrace } from './turn.trace.js';
import { toTurnAttributes } from './turn.trace.mapper.js';

/** Tells the trace of the call that begins a turn of all that becomes of it, also after the call is over. */
@Injectable()
export class TurnTracer implements OnModuleDestroy {
  private readonly spans = new WeakMap<Turn, Span>();
  private readonly traces = new Set<TurnTrace>();

  constructor(
    private readonly tracer: Tracer,
    private readonly askSpans: AskSpans,
    private readonly hub: EventHub,
  ) {}

  /** Turns that are not over go on without us. */
  onModuleDestroy(): void {
    for (const trace of this.traces) trace.end(undefined);
    this.traces.clear();
  }

  /** Call it when a turn is sure to end: what others began, or never begins, is told of by nobody here. */
  follow(turn: Turn): void {
    if (!this.tracer.isOn) return;
    const span = this.tracer.begin({ name: 'turn', kind: 'internal', attributes: toTurnAttributes(turn) });
    this.spans.set(turn, span);
    if (span.isRecorded) this.record(turn, span);
  }

  /** Works for a turn, whoever happens to begin the work: a line of turns is carried on by who came first, and by events. */
  run<T>(turn: Turn, work: () => T): T {
    const span = this.spans.get(turn);
    return span === undefined ? work() : this.tracer.run(span, work);
  }

  private record(turn: Turn, span: Span): void {
    const { tracer, askSpans } = this;
    const trace = new TurnTrace(span, turn.createdAtMs, { tracer, askSpans });
    this.traces.add(trace);
    const stopListening = this.hub.listen(turn.sessionId, (event) => {
      const isOwn = event.type === 'turn_updated' ? event.turn.turnId === turn.id : turn.state !== 'queued';
      if (isOwn) trace.observe(event, Date.now());
    });
    void turn.ended.then((update) => {
      stopListening();
      if (this.traces.delete(trace)) trace.end(update);
    });
  }
}
