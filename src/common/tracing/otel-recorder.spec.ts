import { setTimeout as delay } from 'node:timers/promises';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { defaultResource } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { SpanRecorder } from './otel-recorder.js';
import { RecordedSpan } from './otel-spans.js';
import { drawTrace, toTraceId } from './trace-draw.js';

describe('the recorder of spans', () => {
  let exporter: InMemorySpanExporter;
  let recorder: SpanRecorder;
  let spanIds = 0;

  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    const spanProcessors = [new SimpleSpanProcessor(exporter)];
    recorder = new SpanRecorder({ name: 'test', version: '1', resource: defaultResource(), spanProcessors });
  });

  afterEach(() => recorder.close());

  const begin = (parent?: RecordedSpan): RecordedSpan => {
    spanIds += 1;
    const traceId = parent?.traceId ?? toTraceId(drawTrace());
    const own = { traceId, spanId: spanIds.toString(16).padStart(16, '0'), traceFlags: TraceFlags.SAMPLED };
    const takers = { leave: () => undefined, record: (span: RecordedSpan) => recorder.record(span) };
    const start = { name: 'work', kind: 'client', attributes: { first: 1, second: 'a', none: undefined } } as const;
    return new RecordedSpan(start, { own, above: parent?.context ?? ROOT_CONTEXT }, takers);
  };

  async function untilTold(count: number): Promise<void> {
    while (exporter.getFinishedSpans().length < count) await delay(5);
  }

  it('tells what a span was told, and under which ids', async () => {
    const [parent, beforeMs] = [begin(), Date.now()];
    const child = begin(parent);
    child.set({ first: undefined, second: 'b', third: true });
    child.event('seen', { how: 'well' });
    await delay(2);
    child.end('INTERNAL');
    parent.end();
    await untilTold(2);

    const [told, above] = exporter.getFinishedSpans();
    expect(told).toMatchObject({
      name: 'work',
      kind: SpanKind.CLIENT,
      attributes: { first: 1, second: 'b', third: true, 'error.type': 'INTERNAL' },
      events: [{ name: 'seen', attributes: { how: 'well' } }],
      status: { code: SpanStatusCode.ERROR },
      parentSpanContext: { traceId: parent.traceId, spanId: parent.place.own.spanId },
    });
    expect(told?.attributes).not.toHaveProperty('none');
    expect(told?.spanContext()).toMatchObject(child.place.own);
    expect(above?.spanContext()).toMatchObject(parent.place.own);
    expect(above?.status.code).toBe(SpanStatusCode.UNSET);
    const times = [told?.startTime, told?.events[0]?.time, told?.endTime].map((time) =>
      time === undefined ? 0 : hrTimeToMilliseconds(time),
    );
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(beforeMs - 1);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(1);
  });

  it('tells many at once, as soon as there are', () => {
    for (let ended = 1; ended < 64; ended += 1) begin().end();
    expect(exporter.getFinishedSpans()).toHaveLength(0);

    begin().end();
    expect(exporter.getFinishedSpans()).toHaveLength(64);
  });

  it('tells few soon', async () => {
    begin().end();
    await untilTold(1);
    begin().end();

    await expect(untilTold(2)).resolves.toBeUndefined();
  });

  it('tells the rest when it is closed', async () => {
    const exported = jest.spyOn(exporter, 'export');
    begin().end();
    await recorder.close();

    expect(exported).toHaveBeenCalledTimes(1);
  });

  it('tells nothing of what a span was told after its end', async () => {
    const span = begin();
    span.end();
    span.set({ second: 'late' });
    span.event('late');
    span.end('INTERNAL');
    await untilTold(1);

    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(exporter.getFinishedSpans()[0]).toMatchObject({ attributes: { first: 1, second: 'a' }, events: [], status: { code: 0 } });
  });
});
