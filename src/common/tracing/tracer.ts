import { traceIdOf } from './trace-parent.js';

/** Never contents: names, ids, codes and numbers. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Whose side of a call it is; `internal`: nobody's. */
export type SpanKind = 'server' | 'client' | 'internal';

/** A piece of work in a trace, by OpenTelemetry's words. */
export interface Span {
  /** Of its caller, also where we trace nothing, or one that begins here; undefined where there is neither. */
  readonly traceId: string | undefined;
  /** Whether anybody will see what is told of it. */
  readonly isRecorded: boolean;
  /** Whether work that is done for it has to know that it is: somebody sees it, or its caller has words for who works for it. */
  readonly isFollowed: boolean;
  set(attributes: Attributes): void;
  event(name: string, attributes?: Attributes): void;
  /** Says that it goes on, but that nothing more is begun for it: a stream of which all is told that it takes to begin. */
  settle(): void;
  /** @param failure - the code of a fault of ours; never a message, which may hold contents */
  end(failure?: string): void;
}

/** What a span begins with. */
export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes;
}

/** Names and values, as they come over the wire; of several values of a name the first counts. */
export type TraceHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type TraceReceiver = 'ours' | 'stranger';

/** Where nothing is traced. */
export const NO_SPAN: Span = {
  traceId: undefined,
  isRecorded: false,
  isFollowed: false,
  set: () => undefined,
  event: () => undefined,
  settle: () => undefined,
  end: () => undefined,
};

/**
 * Tells where time goes, as spans of traces that begin at callers and go on in OpenCode.
 *
 * The one seam: whoever tells a trace of something knows this and nothing of what is behind it.
 */
export abstract class Tracer {
  abstract readonly isOn: boolean;

  /**
   * The span of a call that comes with its caller's trace; begins a trace where it comes with none.
   *
   * @param describe - asked only where somebody may see the answer
   */
  abstract receive(headers: TraceHeaders, describe: () => SpanStart): Span;

  /** A span under another, by default under the one that work is done for now; without one, nothing. */
  abstract begin(start: SpanStart, parent?: Span): Span;

  /** A span that begins a trace of its own. */
  abstract beginTrace(start: SpanStart): Span;

  /** Works for a span: what is begun meanwhile, also later on, is under it. */
  abstract run<T>(span: Span, work: () => T): T;

  /** What work is done for now. */
  abstract current(): Span;

  /** Tells another server that it works for a span: one of ours all, a stranger not what callers say to each other (baggage). */
  abstract headersOf(span: Span, receiver: TraceReceiver): Readonly<Record<string, string>>;

  /** Sends what was not sent yet, in at most the time given; nothing is told after it. Never rejects. */
  abstract close(timeoutMs: number): Promise<void>;
}

const NO_HEADERS = {};

/** Traces nothing, and costs as much. */
export class NoTracer extends Tracer {
  override readonly isOn = false;

  /** Known by its caller's trace, in our log too. */
  override receive({ traceparent }: TraceHeaders): Span {
    const traceId = traceIdOf(traceparent);
    return traceId === undefined ? NO_SPAN : { ...NO_SPAN, traceId };
  }

  override begin(): Span {
    return NO_SPAN;
  }

  override beginTrace(): Span {
    return NO_SPAN;
  }

  override run<T>(_: Span, work: () => T): T {
    return work();
  }

  override current(): Span {
    return NO_SPAN;
  }

  override headersOf(): Readonly<Record<string, string>> {
    return NO_HEADERS;
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
