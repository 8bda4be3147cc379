import { AsyncLocalStorage } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import {
  defaultTextMapGetter,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
  type SpanContext,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { CompositePropagator, setGlobalErrorHandler, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  RandomIdGenerator,
  SamplingDecision,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { packageVersion } from '../config/package-version.js';
import { SpanRecorder } from './otel-recorder.js';
import { PlacedSpan, RecordedSpan, UnseenSpan } from './otel-spans.js';
import { drawTrace, isChosen, toTraceId } from './trace-draw.js';
import type { OtlpProtocol, TraceExporter, TracePropagator, TraceSampling, TraceSettings } from './trace-settings.js';
import { NO_SPAN, Tracer, type Span, type SpanStart, type TraceHeaders, type TraceReceiver } from './tracer.js';

const SERVICE = 'opencode-gateway';
/** A collector that is away is told of once in so long. */
const WARN_EVERY_MS = 60_000;

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
  private readonly propagator: TextMapPropagator;
  private readonly strangers: TextMapPropagator;
  private readonly carriers: readonly string[];
  private readonly ids = new RandomIdGenerator();
  private readonly ratioSampler: TraceIdRatioBasedSampler;
  /** That work goes on for. */
  private readonly followed = new Set<Span>();

  private constructor(
    private readonly recorder: SpanRecorder,
    private readonly sampling: TraceSampling,
    propagators: readonly TracePropagator[],
  ) {
    super();
    this.ratioSampler = new TraceIdRatioBasedSampler(sampling.ratio);
    this.propagator = new CompositePropagator({ propagators: propagators.map(toPropagator) });
    this.strangers = new CompositePropagator({ propagators: propagators.filter((name) => name !== 'baggage').map(toPropagator) });
    this.carriers = propagators.map((name) => CARRIERS[name]);
  }

  static async open({ exporters, protocol, propagators, sampling }: TraceSettings): Promise<OtelTracer> {
    warnOfFailures();
    const version = packageVersion();
    const resource = defaultResource()
      .merge(resourceFromAttributes({ 'service.name': SERVICE, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] }));
    const spanProcessors = await Promise.all(exporters.map((name) => openProcessor(name, protocol)));
    return new OtelTracer(new SpanRecorder({ name: SERVICE, version, resource, spanProcessors }), sampling, propagators);
  }

  override receive(headers: TraceHeaders, describe: () => SpanStart): Span {
    const parent = this.isTold(headers) ? this.propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter) : ROOT_CONTEXT;
    return parent === ROOT_CONTEXT ? this.draw(describe) : this.join(parent, describe);
  }

  override begin(start: SpanStart, parent: Span = this.current()): Span {
    // Below what nobody will see nobody will see anything: it stands for all that is done for it.
    return parent instanceof RecordedSpan ? this.record(start, parent.context, parent.traceId) : parent;
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
    await Promise.race([this.recorder.close().catch(() => undefined), late]);
  }

  /** Whether its caller says anything of traces, or to who works for it. */
  private isTold(headers: TraceHeaders): boolean {
    for (const name of this.carriers) if (headers[name] !== undefined) return true;
    return false;
  }

  /** Chooses before anything is made, even an id: most traces are seen by nobody. */
  private draw(describe: () => SpanStart): Span {
    const drawn = drawTrace();
    return isChosen(drawn, this.sampling.ratio) ? this.record(describe(), ROOT_CONTEXT, toTraceId(drawn)) : new UnseenSpan(drawn);
  }

  /** Goes on with what a caller says: a trace, or only words for who works for it. */
  private join(above: Context, describe: () => SpanStart): Span {
    const caller = trace.getSpanContext(above);
    const traceId = caller?.traceId ?? toTraceId(drawTrace());
    if (this.isJoined(caller, traceId)) return this.record(describe(), above, traceId);
    return new PlacedSpan({ own: this.placeIn(above, traceId, TraceFlags.NONE), above }, this.leave);
  }

  private isJoined(caller: SpanContext | undefined, traceId: string): boolean {
    if (caller !== undefined && this.sampling.heedsCaller) return (caller.traceFlags & TraceFlags.SAMPLED) !== 0;
    return this.ratioSampler.shouldSample(ROOT_CONTEXT, traceId).decision !== SamplingDecision.NOT_RECORD;
  }

  private record(start: SpanStart, above: Context, traceId: string): Span {
    return new RecordedSpan(start, { own: this.placeIn(above, traceId, TraceFlags.SAMPLED), above }, this.takers);
  }

  private placeIn(above: Context, traceId: string, traceFlags: TraceFlags): SpanContext {
    return { traceId, spanId: this.ids.generateSpanId(), traceFlags, traceState: trace.getSpanContext(above)?.traceState };
  }

  private readonly leave = (span: Span): void => {
    if (this.followed.delete(span) && this.followed.size === 0) this.storage.disable();
  };

  private readonly takers = { leave: this.leave, record: (span: RecordedSpan): void => this.recorder.record(span) };

  /** Says that nobody sees what is done for a span, so that OpenCode does not begin to. */
  private unseenParent({ traceId = toTraceId(drawTrace()) }: Span): string {
    return `00-${traceId}-${this.ids.generateSpanId()}-00`;
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
