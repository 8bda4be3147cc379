import { readTraceSettings } from './trace-settings.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('whether to trace', () => {
  it.each([
    ['nothing', {}],
    ['an empty exporter', { OTEL_TRACES_EXPORTER: ' ' }],
    ['an exporter called none', { OTEL_TRACES_EXPORTER: 'none' }],
    ['none in spite of an address', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
    ['the switch of all of OpenTelemetry', { ...ENDPOINT, OTEL_SDK_DISABLED: 'True' }],
    ['a name alone', { OTEL_SERVICE_NAME: 'agents', OTEL_TRACES_SAMPLER: 'always_on' }],
  ])('is no with %s', (_, environment) => {
    expect(readTraceSettings(environment)).toBeUndefined();
  });

  it.each([
    ['an address', ENDPOINT],
    ['an address of traces alone', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }],
    ['an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }],
    ['a switch that says false', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }],
  ])('is yes with %s, by the defaults of OpenTelemetry', (_, environment) => {
    expect(readTraceSettings(environment)).toEqual({
      exporters: ['otlp'],
      protocol: 'http/protobuf',
      propagators: ['tracecontext', 'baggage'],
      sampling: { ratio: 1, heedsCaller: true },
    });
  });

  it('takes several exporters and propagators, each once, and the protocol of traces before the one of all', () => {
    const environment = {
      OTEL_TRACES_EXPORTER: 'console, otlp,console',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_PROPAGATORS: 'tracecontext',
    };

    expect(readTraceSettings(environment)).toEqual({
      exporters: ['console', 'otlp'],
      protocol: 'http/json',
      propagators: ['tracecontext'],
      sampling: { ratio: 1, heedsCaller: true },
    });
  });

  it('passes nothing on where there are no propagators', () => {
    expect(readTraceSettings({ ...ENDPOINT, OTEL_PROPAGATORS: 'none' })?.propagators).toEqual([]);
  });

  it.each([
    ['always_on', { ratio: 1, heedsCaller: false }],
    ['always_off', { ratio: 0, heedsCaller: false }],
    ['traceidratio', { ratio: 0.25, heedsCaller: false }],
    ['parentbased_always_on', { ratio: 1, heedsCaller: true }],
    ['parentbased_always_off', { ratio: 0, heedsCaller: true }],
    ['parentbased_traceidratio', { ratio: 0.25, heedsCaller: true }],
  ])('takes the share only where %s asks for one', (sampler, sampling) => {
    const environment = { ...ENDPOINT, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: '0.25' };

    expect(readTraceSettings(environment)?.sampling).toEqual(sampling);
  });

  it('takes all where a share is asked for and not given', () => {
    expect(readTraceSettings({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio' })?.sampling.ratio).toBe(1);
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http'],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http'],
    ['OTEL_PROPAGATORS', 'b3'],
    ['OTEL_TRACES_SAMPLER', 'sometimes'],
    ['OTEL_TRACES_SAMPLER_ARG', '1%'],
    ['OTEL_TRACES_SAMPLER_ARG', '2'],
  ])('refuses %s=%s', (name, value) => {
    expect(() => readTraceSettings({ ...ENDPOINT, [name]: value })).toThrow(name);
  });
});
