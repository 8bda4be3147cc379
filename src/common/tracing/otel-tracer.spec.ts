import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttp2, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base';
import { openTracer } from './open-tracer.js';
import { NO_SPAN, type Span, type Tracer } from './tracer.js';

const CALL = { name: 'call', kind: 'server' } as const;
const WORK = { name: 'work', kind: 'internal' } as const;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
/** Nobody takes spans there, and that is known soon. */
const NOBODY = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '200' };

/** What is sent to a collector: the path and the type of each request. */
async function collect(
  server: Server | Http2Server,
): Promise<{ readonly port: number; readonly got: string[]; readonly stop: () => void }> {
  const got: string[] = [];
  server.on('request', (request: { url: string; headers: Record<string, string>; resume(): void }, response: { end(): void }) => {
    got.push(`${request.url} ${request.headers['content-type']}`);
    request.resume();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session: ServerHttp2Session) => sessions.push(session));
  const stop = (): void => {
    for (const session of sessions) session.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, got, stop };
}

/** A promise, and what keeps it. */
function gate(): readonly [Promise<void>, () => void] {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return [opened, () => open()];
}

describe('the tracer', () => {
  const before = process.env;
  let tracer: Tracer | undefined;

  /** The SDK reads the environment of the process. */
  async function open(settings: Readonly<Record<string, string>>): Promise<Tracer> {
    process.env = { ...before, ...settings };
    return (tracer = await openTracer(process.env));
  }

  afterEach(async () => {
    await tracer?.close(1_000);
    process.env = before;
  });

  it.each([
    ['http/json', () => createHttp(), '/v1/traces application/json'],
    ['http/protobuf', () => createHttp(), '/v1/traces application/x-protobuf'],
    ['grpc', () => createHttp2(), '/opentelemetry.proto.collector.trace.v1.TraceService/Export application/grpc'],
  ] as const)('sends what it has by %s when it is closed', async (protocol, createServer, expected) => {
    const collector = await collect(createServer());
    const endpoint = `http://127.0.0.1:${collector.port}`;
    const opened = await open({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_BSP_SCHEDULE_DELAY: '60000',
    });

    opened.beginTrace(WORK).end();
    await opened.close(5_000);
    collector.stop();

    expect(collector.got).toEqual([expected]);
  });

  it('waits for a collector that does not answer no longer than it may', async () => {
    const silent = createHttp().on('request', () => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const opened = await open({ ...NOBODY, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` });
    opened.beginTrace(WORK).end();

    await expect(opened.close(50)).resolves.toBeUndefined();
    silent.closeAllConnections();
    silent.close();
  });

  describe('without anybody to send to', () => {
    beforeEach(() => open({ ...NOBODY, OTEL_BSP_SCHEDULE_DELAY: '60000' }));

    const get = (): Tracer => tracer as Tracer;

    it('goes on with the trace of a caller', () => {
      const call = get().receive({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }, () => CALL);

      expect(call).toMatchObject({ traceId: TRACE_ID, isRecorded: true });
      expect(get().headersOf(call, 'ours')['traceparent']).toMatch(new RegExp(`^00-${TRACE_ID}-(?!${SPAN_ID})[0-9a-f]{16}-01$`));
    });

    it('keeps what callers say to each other from strangers', () => {
      const call = get().receive({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`, baggage: 'tenant=blue' }, () => CALL);

      expect(get().headersOf(call, 'ours')).toMatchObject({ baggage: 'tenant=blue' });
      expect(Object.keys(get().headersOf(call, 'stranger'))).toEqual(['traceparent']);
    });

    it.each(['00', '01'])('passes on what systems before it have noted, whether its caller records or not (%s)', (flags) => {
      const call = get().receive({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-${flags}`, tracestate: 'vendor=x' }, () => CALL);
      const work = get().begin(WORK, call);

      expect(get().headersOf(work, 'ours')).toMatchObject({
        traceparent: expect.stringMatching(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-${flags}$`)),
        tracestate: 'vendor=x',
      });
    });

    it('begins a trace for who has none, and passes on the words that it has', () => {
      const call = get().receive({ baggage: 'tenant=blue' }, () => CALL);

      expect(call).toMatchObject({ isRecorded: true, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
      expect(get().headersOf(call, 'ours')).toMatchObject({
        traceparent: expect.stringContaining(`${call.traceId}`),
        baggage: 'tenant=blue',
      });
    });

    it.each(['nonsense', `00-${TRACE_ID}-${SPAN_ID}`, `00-${'0'.repeat(32)}-${SPAN_ID}-01`])('begins a trace for %s', (traceparent) => {
      expect(get().receive({ traceparent }, () => CALL).traceId).toMatch(new RegExp(`^(?!${TRACE_ID}|0{32})[0-9a-f]{32}$`));
    });

    it('works for a span also later on, and for each alone', async () => {
      const spans = [get().beginTrace(WORK), get().beginTrace(WORK)];

      const seen = await Promise.all(
        spans.map((span) =>
          get().run(span, async () => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            return get().begin(WORK).traceId;
          }),
        ),
      );

      expect(seen).toEqual(spans.map(({ traceId }) => traceId));
      expect(get().current()).toBe(NO_SPAN);
    });

    it('begins nothing for what nobody called for, and asks OpenCode to record nothing of it', () => {
      expect(get().begin(WORK)).toBe(NO_SPAN);
      expect(get().headersOf(NO_SPAN, 'ours')).toEqual({ traceparent: expect.stringMatching(/^00-[\da-f]{32}-[\da-f]{16}-00$/) });
      expect(get().headersOf(NO_SPAN, 'stranger')).toEqual({});
    });

    it('follows no work once its span has ended, and follows that of others on', async () => {
      const [first, second] = [get().beginTrace(WORK), get().beginTrace(WORK)];
      const seen: (string | undefined)[] = [];
      const look = async (span: Span, until: Promise<void>): Promise<void> => {
        await until;
        seen.push(get().current().traceId);
        span.end();
      };
      const [wait, go] = gate();
      const works = [get().run(first, () => look(first, Promise.resolve())), get().run(second, () => look(second, wait))];
      await works[0];
      go();
      await works[1];

      expect(seen).toEqual([first.traceId, second.traceId]);
      expect(get().run(NO_SPAN, () => get().current())).toBe(NO_SPAN);
    });

    it('follows no work of a span that has all that it needs, while it goes on', async () => {
      const span = get().beginTrace(WORK);
      const [wait, go] = gate();
      const seen = get().run(span, async () => {
        await wait;
        return get().current();
      });
      span.settle();
      go();

      expect(await seen).toBe(NO_SPAN);
      expect(get().run(span, () => get().current())).toBe(span);
    });

    it('follows no work for a span that has ended before', async () => {
      const span = get().beginTrace(WORK);
      span.end();

      const seen = await get().run(span, async () => {
        await Promise.resolve();
        return get().current();
      });

      expect(seen).toBe(NO_SPAN);
    });

    it('ends a span once', () => {
      const span = get().beginTrace(WORK);
      span.end('INTERNAL');

      expect(() => span.end()).not.toThrow();
    });
  });

  it('asks the sampler before it asks what a trace begins with, and records what was chosen under the id that it was chosen by', async () => {
    const opened = await open({ ...NOBODY, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
    let described = 0;
    const describe = () => {
      described += 1;
      return CALL;
    };
    const calls = Array.from({ length: 200 }, () => opened.receive({}, describe));
    const recorded = calls.filter(({ isRecorded }) => isRecorded);
    const sampler = new TraceIdRatioBasedSampler(0.5);
    const isChosen = (id = ''): boolean => sampler.shouldSample(ROOT_CONTEXT, id).decision !== SamplingDecision.NOT_RECORD;

    expect(described).toBe(recorded.length);
    expect(recorded.length).toBeGreaterThan(0);
    expect(calls.filter(({ traceId, isRecorded }) => isChosen(traceId) !== isRecorded)).toEqual([]);
    expect(new Set(calls.map(({ traceId }) => traceId)).size).toBe(calls.length);
    expect(opened.headersOf(recorded[0] ?? NO_SPAN, 'ours')['traceparent']).toMatch(
      new RegExp(`^00-${recorded[0]?.traceId}-[0-9a-f]{16}-01$`),
    );
  });

  it.each([
    ['0.5', '00000000000000000000000000000001', true],
    ['0.5', '000000000000000000000000ffffffff', false],
  ])('chooses of the traces of callers by their ids, where it is not to heed them (%s, %s)', async (ratio, traceId, isRecorded) => {
    const opened = await open({ ...NOBODY, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio });
    const calls = ['00', '01'].map((flags) => opened.receive({ traceparent: `00-${traceId}-${SPAN_ID}-${flags}` }, () => CALL));

    expect(calls.map((call) => call.isRecorded)).toEqual([isRecorded, isRecorded]);
    expect(calls.map((call) => call.traceId)).toEqual([traceId, traceId]);
  });

  it('records nothing below what its sampler leaves out, and tells others so', async () => {
    const opened = await open({ ...NOBODY, OTEL_TRACES_SAMPLER: 'always_off' });
    const call = opened.receive({ traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }, () => CALL);

    expect(call.isRecorded).toBe(false);
    expect(opened.begin(WORK, call)).toBe(call);
    expect(opened.headersOf(call, 'ours')['traceparent']).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
  });
});
