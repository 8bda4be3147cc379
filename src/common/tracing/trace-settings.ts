import { StartError } from '../config/config.js';

const EXPORTERS = ['otlp', 'console'] as const;
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const PROPAGATORS = ['tracecontext', 'baggage'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const NONE = 'none';

export type TraceExporter = (typeof EXPORTERS)[number];
export type OtlpProtocol = (typeof PROTOCOLS)[number];
export type TracePropagator = (typeof PROPAGATORS)[number];

/** Which traces are recorded. */
export interface TraceSampling {
  /** Of traces that begin here: all with 1, none with 0. */
  readonly ratio: number;
  /** Whether of traces that come with a call those are recorded that the caller records; else they are chosen as the others are. */
  readonly heedsCaller: boolean;
}

/** What we decide of OpenTelemetry's settings; the rest of them its library reads by itself. */
export interface TraceSettings {
  readonly exporters: readonly TraceExporter[];
  readonly protocol: OtlpProtocol;
  readonly propagators: readonly TracePropagator[];
  readonly sampling: TraceSampling;
}

/**
 * Whether and how to trace, by OpenTelemetry's standard variables: undefined unless an exporter or an OTLP endpoint is named, and where
 * `OTEL_SDK_DISABLED` says so.
 *
 * Those who misspell them are told, as of our own settings: a service that runs untraced is found out about too late.
 *
 * @throws StartError
 */
export function readTraceSettings(environment: NodeJS.ProcessEnv): TraceSettings | undefined {
  const read = (name: string): string | undefined => environment[name]?.trim() || undefined;
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const endpoint = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') ?? read('OTEL_EXPORTER_OTLP_ENDPOINT');
  const exporters = read('OTEL_TRACES_EXPORTER') ?? (endpoint === undefined ? NONE : 'otlp');
  if (exporters === NONE) return undefined;
  const sampler = requireOneOf(SAMPLERS, 'OTEL_TRACES_SAMPLER', read('OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on');
  const ratio = requireRatio(read('OTEL_TRACES_SAMPLER_ARG') ?? '1');
  const protocolName =
    read('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') === undefined ? 'OTEL_EXPORTER_OTLP_PROTOCOL' : 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  return {
    exporters: listOf(EXPORTERS, 'OTEL_TRACES_EXPORTER', exporters),
    protocol: requireOneOf(PROTOCOLS, protocolName, read(protocolName) ?? 'http/protobuf'),
    propagators: listOf(PROPAGATORS, 'OTEL_PROPAGATORS', read('OTEL_PROPAGATORS') ?? 'tracecontext,baggage'),
    sampling: toSampling(sampler, ratio),
  };
}

function listOf<T extends string>(known: readonly T[], name: string, value: string): T[] {
  if (value === NONE) return [];
  const words = value.split(',').map((word) => requireOneOf(known, name, word.trim()));
  return [...new Set(words)];
}

function requireOneOf<T extends string>(known: readonly T[], name: string, word: string): T {
  const found = known.find((candidate) => candidate === word);
  if (found === undefined) throw new StartError(`${name}: ${word} is not known here; take ${known.join(', ')}`);
  return found;
}

function requireRatio(value: string): number {
  const ratio = Number(value);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new StartError('OTEL_TRACES_SAMPLER_ARG: must be from 0 to 1');
}

function toSampling(sampler: (typeof SAMPLERS)[number], ratio: number): TraceSampling {
  const heedsCaller = sampler.startsWith('parentbased_');
  if (sampler.endsWith('ratio')) return { ratio, heedsCaller };
  return { ratio: sampler.endsWith('always_on') ? 1 : 0, heedsCaller };
}
