import { SpanStatusCode, type Context, type Span as SdkSpan } from '@opentelemetry/api';
import { toTraceId } from './trace-draw.js';
import type { Attributes, Span } from './tracer.js';

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

/** It has its place in the trace of a caller, which nobody records; the caller's words go on to who works for it. */
export class PlacedSpan extends UnrecordedSpan {
  override readonly isFollowed = true;
  /** Whether it is over, so that no more work is followed for it. */
  isEnded = false;

  constructor(
    readonly traceId: string,
    readonly context: Context,
    private readonly leave: (span: Span) => void,
  ) {
    super();
  }

  override settle(): void {
    this.leave(this);
  }

  override end(_?: string): void {
    this.isEnded = true;
    this.leave(this);
  }
}

/** Somebody will see it: it is told to the SDK, under whose span everything that is done for it is placed. */
export class RecordedSpan extends PlacedSpan {
  override readonly isRecorded = true;

  constructor(
    private readonly span: SdkSpan,
    context: Context,
    leave: (span: Span) => void,
  ) {
    super(span.spanContext().traceId, context, leave);
  }

  with(attributes: Attributes): this {
    this.set(attributes);
    return this;
  }

  override set(attributes: Attributes): void {
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) this.span.setAttribute(name, value);
  }

  override event(name: string, attributes: Attributes = {}): void {
    this.span.addEvent(name, attributes);
  }

  override end(failure?: string): void {
    if (this.isEnded) return;
    super.end();
    if (failure !== undefined) {
      this.span.setAttribute('error.type', failure);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}
