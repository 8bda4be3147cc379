import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind as OtelSpanKind,
  trace,
  type Context,
  type TextMapPropagator,
  type Tracer as SdkTracer,
} from '@opentelemetry/api';
import { CompositePropagator, setGlobalErrorHandler, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { IdGenerator, Sampler, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { packageVersion } from '../config/package-version.js';
import { PlacedSpan, RecordedSpan, UnseenSpan } from './otel-spans.js';
import { drawTrace, isChosen, toTraceId } from './trace-draw.js';
import type { OtlpProtocol, TraceExporter, TracePropagator, TraceSettings } from './trace-settings.js';
import { NO_SPAN, Tracer, type Span, type SpanKind, type SpanStart, type TraceHeaders, type TraceReceiver } from './tracer.js';

const SERVICE = 'opencode-gateway';
/** A collector that is away is told of once in so long. */
const WARN_EVERY_MS = 60_000;

const KINDS: Readonly<Record<SpanKind, OtelSpanKind>> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  internal: OtelSpanKind.INTERNAL,
};

/** Without it, what else a propagator reads says nothing. */
const CARRIERS: Readonly<Record<TracePropagator, string>> = { tracecontext: 'traceparent', baggage: 'baggage' };

/**
 * Spans by OpenTelemetry's SDK. Nothing of it is registered for the whole process: each gateway has its own.
 *
 * Node follows work from callback to callback only while there is a span to follow it for: on Node 20 that slows every promise of the
 * process down, and a unary call by up to a fifth (measured).
 */
export class OtelTracer extends Tracer {
  override readonly isOn = true;
  private readonly storage = new AsyncLocalStorage<Span>();
  private readonly tracer: SdkTracer;
  private readonly propagator: TextMapPropagator;
  private readonly strangers: TextMapPropagator;
  private readonly carriers: readonly string[];
  /** That work goes on for. */
  private readonly followed = new Set<Span>();

  private constructor(
    private readonly provider: BasicTracerProvider,
    /** Of the traces that begin here, those that are recorded. */
    private readonly ratio: number,
    private readonly ids: Ids,
    propagators: readonly TracePropagator[],
  ) {
    super();
    this.tracer = provider.getTracer(SERVICE, packageVersion());
    this.propagator = new CompositePropagator({ propagators: propagators.map(toPropagator) });
    this.strangers = new CompositePropagator({ propagators: propagators.filter((name) => name !== 'baggage').map(toPropagator) });
    this.carriers = propagators.map((name) => CARRIERS[name]);
  }

  static async open({ exporters, protocol, propagators, sampling }: TraceSettings): Promise<OtelTracer> {
    warnOfFailures();
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE, 'service.version': packageVersion() }))
      .merge(detectResources({ detectors: [envDetector] }));
    const spanProcessors = await Promise.all(exporters.map((name) => openProcessor(name, protocol)));
    const [root, idGenerator] = [toRootSampler(sampling.ratio), new Ids()];
    const sampler = sampling.heedsCaller ? new ParentBasedSampler({ root }) : root;
    const provider = new BasicTracerProvider({ resource, spanProcessors, sampler, idGenerator });
    return new OtelTracer(provider, sampling.ratio, idGenerator, propagators);
  }

  override receive(headers: TraceHeaders, describe: () => SpanStart): Span {
    const parent = this.isTold(headers) ? this.propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter) : ROOT_CONTEXT;
    return parent === ROOT_CONTEXT ? this.draw(describe) : this.start(describe(), parent);
  }

  override begin(start: SpanStart, parent: Span = this.current()): Span {
    // Below what nobody will see nobody will see anything: it stands for all that is done for it.
    return parent instanceof RecordedSpan ? this.start(start, parent.context) : parent;
  }

  override beginTrace(start: SpanStart): Span {
    return this.draw(() => start);
  }

  override run<T>(span: Span, work: () => T): T {
    // Nobody would leave what has ended: a caller may have gone before its call was handled.
    if (!(span instanceof PlacedSpan) || span.isEnded) return work();
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

  /** Whether its caller says anything of traces, or to who works for it. */
  private isTold(headers: TraceHeaders): boolean {
    for (const name of this.carriers) if (headers[name] !== undefined) return true;
    return false;
  }

  /** Chooses before anything is made, even an id: most traces are seen by nobody, and the SDK makes a span of each to find that out. */
  private draw(describe: () => SpanStart): Span {
    const drawn = drawTrace();
    if (!isChosen(drawn, this.ratio)) return new UnseenSpan(drawn);
    this.ids.choose(toTraceId(drawn));
    return this.start(describe(), ROOT_CONTEXT);
  }

  private start({ name, kind, attributes = {} }: SpanStart, parent: Context): Span {
    const span = this.tracer.startSpan(name, { kind: KINDS[kind] }, parent);
    if (span.isRecording()) return new RecordedSpan(span, trace.setSpan(parent, span), this.leave).with(attributes);
    return new PlacedSpan(span.spanContext().traceId, trace.setSpan(parent, span), this.leave);
  }

  private readonly leave = (span: Span): void => {
    if (this.followed.delete(span) && this.followed.size === 0) this.storage.disable();
  };

  /** Says that nobody sees what is done for a span, so that OpenCode does not begin to. */
  private unseenParent({ traceId = toTraceId(drawTrace()) }: Span): string {
    return `00-${traceId}-${this.ids.generateSpanId()}-00`;
  }
}

/** Gives a trace the id that it was chosen by. */
class Ids implements IdGenerator {
  private readonly random = new RandomIdGenerator();
  private chosen: string | undefined;

  choose(traceId: string): void {
    this.chosen = traceId;
  }

  generateTraceId(): string {
    const traceId = this.chosen ?? this.random.generateTraceId();
    this.chosen = undefined;
    return traceId;
  }

  generateSpanId(): string {
    return this.random.generateSpanId();
  }
}

function toRootSampler(ratio: number): Sampler {
  switch (ratio) {
    case 0:
      return new AlwaysOffSampler();
    case 1:
      return new AlwaysOnSampler();
    default:
      return new TraceIdRatioBasedSampler(ratio);
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
