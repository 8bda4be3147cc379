import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind as OtelSpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span as SdkSpan,
  type TextMapPropagator,
  type Tracer as SdkTracer,
} from '@opentelemetry/api';
import { CompositePropagator, setGlobalErrorHandler, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  RandomIdGenerator,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { packageVersion } from '../config/package-version.js';
import type { OtlpProtocol, TraceExporter, TracePropagator, TraceSettings } from './trace-settings.js';
import {
  NO_SPAN,
  Tracer,
  type Attributes,
  type Span,
  type SpanKind,
  type SpanStart,
  type TraceHeaders,
  type TraceReceiver,
} from './tracer.js';

const SERVICE = 'opencode-gateway';
/** A collector that is away is told of once in so long. */
const WARN_EVERY_MS = 60_000;

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
};

/**
 * Spans by OpenTelemetry's SDK. Nothing of it is registered for the whole process: each gateway has its own.
 *
 * Node follows work from callback to callback only while there is a span to follow it for: on Node 20 that slows every promise of the
 * process down, and a unary call by a fifth (measured).
 */
export class OtelTracer extends Tracer {
  override readonly isOn = true;
  private readonly storage = new AsyncLocalStorage<Span>();
  private readonly tracer: SdkTracer;
  private readonly propagator: TextMapPropagator;
  private readonly strangers: TextMapPropagator;
  private readonly carriers: readonly string[];
  private readonly ids = new RandomIdGenerator();
  /** That work goes on for. */
  private readonly followed = new Set<Span>();

  private constructor(
    private readonly provider: BasicTracerProvider,
    propagators: readonly TracePropagator[],
  ) {
    super();
    this.tracer = provider.getTracer(SERVICE, packageVersion());
    this.propagator = new CompositePropagator({ propagators: propagators.map(toPropagator) });
    this.strangers = new CompositePropagator({ propagators: propagators.filter((name) => name !== 'baggage').map(toPropagator) });
    this.carriers = this.propagator.fields();
  }

  static async open({ exporters, protocol, propagators }: TraceSettings): Promise<OtelTracer> {
    warnOfFailures();
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE, 'service.version': packageVersion() }))
      .merge(detectResources({ detectors: [envDetector] }));
    const spanProcessors = await Promise.all(exporters.map((name) => openProcessor(name, protocol)));
    return new OtelTracer(new BasicTracerProvider({ resource, spanProcessors }), propagators);
  }

  override receive(start: SpanStart, headers: TraceHeaders): Span {
    const isTraced = this.carriers.some((name) => headers[name] !== undefined);
    return this.start(start, isTraced ? this.propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter) : ROOT_CONTEXT);
  }

  override begin(start: SpanStart, parent: Span = this.current()): Span {
    // Below what nobody will see nobody will see anything: it stands for all that is done for it.
    return parent instanceof RecordedSpan ? this.start(start, parent.context) : parent;
  }

  override beginTrace(start: SpanStart): Span {
    return this.start(start, ROOT_CONTEXT);
  }

  override run<T>(span: Span, work: () => T): T {
    if (!(span instanceof PlacedSpan)) return work();
    this.followed.add(span);
    return this.storage.run(span, work);
  }

  override current(): Span {
    return this.storage.getStore() ?? NO_SPAN;
  }

  override headersOf(span: Span, receiver: TraceReceiver): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {};
    const propagator = receiver === 'ours' ? this.propagator : this.strangers;
    if (span instanceof PlacedSpan) propagator.inject(span.context, headers, defaultTextMapSetter);
    else if (receiver === 'ours' && this.carriers.includes('traceparent')) headers['traceparent'] = this.unseenParent(span);
    return headers;
  }

  override async close(timeoutMs: number): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
  }

  private start({ name, kind, attributes = {} }: SpanStart, parent: Context): Span {
    const span = this.tracer.startSpan(name, { kind: KINDS[kind] }, parent);
    if (span.isRecording()) return new RecordedSpan(span, trace.setSpan(parent, span), this.leave).with(attributes);
    const { traceId } = span.spanContext();
    return parent === ROOT_CONTEXT ? new UnseenSpan(traceId) : new PlacedSpan(traceId, trace.setSpan(parent, span), this.leave);
  }

  private readonly leave = (span: Span): void => {
    if (this.followed.delete(span) && this.followed.size === 0) this.storage.disable();
  };

  /** Says that nobody sees what is done for a span, so that OpenCode does not begin to. */
  private unseenParent({ traceId = this.ids.generateTraceId() }: Span): string {
    return `00-${traceId}-${this.ids.generateSpanId()}-00`;
  }
}

/** It began a trace that nobody records, so nothing needs to be known of it but that. */
class UnseenSpan implements Span {
  readonly isRecorded: boolean = false;

  constructor(readonly traceId: string) {}

  set(_: Attributes): void {
    // Nobody will see it.
  }

  event(_: string, __?: Attributes): void {
    // Nobody will see it.
  }

  end(_?: string): void {
    // Nobody will see it.
  }
}

/** It has its place in the trace of a caller, which nobody records; the caller's words go on to who works for it. */
class PlacedSpan extends UnseenSpan {
  constructor(
    traceId: string,
    readonly context: Context,
    private readonly leave: (span: Span) => void,
  ) {
    super(traceId);
  }

  override end(_?: string): void {
    this.leave(this);
  }
}

class RecordedSpan extends PlacedSpan {
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
    super.end();
    if (!this.span.isRecording()) return;
    if (failure !== undefined) {
      this.span.setAttribute('error.type', failure);
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}

function toPropagator(name: TracePropagator): TextMapPropagator {
  switch (name) {
    case 'tracecontext':
      return new W3CTraceContextPropagator();
    case 'baggage':
      return new W3CBaggagePropagator();
  }
}

async function openProcessor(name: TraceExporter, protocol: OtlpProtocol): Promise<SpanProcessor> {
  switch (name) {
    case 'console':
      return new SimpleSpanProcessor(new ConsoleSpanExporter());
    case 'otlp':
      // It holds OTEL_BSP_MAX_QUEUE_SIZE spans and drops what is more.
      return new BatchSpanProcessor(await openOtlpExporter(protocol));
  }
}

/** Reads address, headers, certificates, compression and time limits from the environment by itself. */
async function openOtlpExporter(protocol: OtlpProtocol): Promise<SpanExporter> {
  switch (protocol) {
    case 'grpc':
      return new (await import('@opentelemetry/exporter-trace-otlp-grpc')).OTLPTraceExporter();
    case 'http/json':
      return new (await import('@opentelemetry/exporter-trace-otlp-http')).OTLPTraceExporter();
    case 'http/protobuf':
      return new (await import('@opentelemetry/exporter-trace-otlp-proto')).OTLPTraceExporter();
  }
}

/** The SDK tells of a batch that it could not send, in words of the network and the collector. */
function warnOfFailures(): void {
  const logger = new Logger('Traces');
  let silentUntilMs = 0;
  setGlobalErrorHandler((failure) => {
    if (Date.now() < silentUntilMs) return;
    silentUntilMs = Date.now() + WARN_EVERY_MS;
    logger.warn(`Spans could not be sent, and are lost; said once a minute: ${failure instanceof Error ? failure.message : 'unknown'}`);
  });
}
