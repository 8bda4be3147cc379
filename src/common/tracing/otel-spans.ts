import { trace, type Context, type SpanContext } from '@opentelemetry/api';
import { toTraceId } from './trace-draw.js';
import type { Attributes, Span, SpanKind, SpanStart } from './tracer.js';

abstract class UnrecordedSpan implements Span {
  readonly isRecorded: boolean = false;
  readonly isFollowed: boolean = false;
  abstract readonly traceId: string;

  set(_: Attributes): void {
    // Nobody will see it.
  }

  event(_: string, __?: Attributes): void {
    // Nobody will see it.
  }

  settle(): void {
    // Nobody follows what is done for it.
  }

  end(_?: string): void {
    // Nobody will see it.
  }
}

/** It began a trace that nobody records, so nothing needs to be known of it but that; its id is made for who asks. */
export class UnseenSpan extends UnrecordedSpan {
  private id: string | undefined;

  /** @param drawn - what was drawn for its trace */
  constructor(private readonly drawn: number) {
    super();
  }

  get traceId(): string {
    return (this.id ??= toTraceId(this.drawn));
  }
}

/** Where a span is in its trace. */
export interface SpanPlace {
  readonly own: SpanContext;
  /** What it is under, and what its caller has to say to who works for it. */
  readonly above: Context;
}

/** It has its place in the trace of a caller, which nobody records; the caller's words go on to who works for it. */
export class PlacedSpan extends UnrecordedSpan {
  override readonly isFollowed = true;
  /** Whether it is over, so that no more work is followed for it. */
  isEnded = false;

  constructor(
    readonly place: SpanPlace,
    private readonly leave: (span: Span) => void,
  ) {
    super();
  }

  get traceId(): string {
    return this.place.own.traceId;
  }

  /** What is under it begins with. */
  get context(): Context {
    return trace.setSpanContext(this.place.above, this.place.own);
  }

  override settle(): void {
    this.leave(this);
  }

  override end(_?: string): void {
    this.isEnded = true;
    this.leave(this);
  }
}

/** What a span was told of, in milliseconds since 1970. */
export interface SpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
  readonly atMs: number;
}

/** Who takes what is followed no more, and what is over. */
export interface SpanTakers {
  readonly leave: (span: Span) => void;
  readonly record: (span: RecordedSpan) => void;
}

/** Somebody will see it, and everything that is done for it under it. It keeps what it is told until it is over, for it is recorded then. */
export class RecordedSpan extends PlacedSpan {
  override readonly isRecorded = true;
  readonly name: string;
  readonly kind: SpanKind;
  /** What it was told last of each. */
  readonly attributes: Record<string, string | number | boolean> = {};
  readonly events: SpanEvent[] = [];
  readonly startedAtMs = Date.now();
  private readonly startedOnClockMs = performance.now();
  failure: string | undefined;
  endedAtMs = 0;

  constructor(
    { name, kind, attributes = {} }: SpanStart,
    place: SpanPlace,
    private readonly takers: SpanTakers,
  ) {
    super(place, takers.leave);
    this.name = name;
    this.kind = kind;
    this.set(attributes);
  }

  override set(attributes: Attributes): void {
    if (this.isEnded) return;
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) this.attributes[name] = value;
  }

  override event(name: string, attributes: Attributes = {}): void {
    if (!this.isEnded) this.events.push({ name, attributes, atMs: this.nowMs() });
  }

  override end(failure?: string): void {
    if (this.isEnded) return;
    super.end();
    this.failure = failure;
    this.endedAtMs = this.nowMs();
    this.takers.record(this);
  }

  /** By the clock that nobody sets: a span never ends before it begins. */
  private nowMs(): number {
    return this.startedAtMs + performance.now() - this.startedOnClockMs;
  }
}
