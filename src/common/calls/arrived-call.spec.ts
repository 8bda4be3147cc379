import { NoTracer } from '../tracing/tracer.js';
import { toArrivedCall } from './arrived-call.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

function arrive(headers: Readonly<Record<string, string | string[]>>) {
  return toArrivedCall(new NoTracer(), headers, () => {
    throw new Error('nobody traces');
  });
}

describe('a call that arrives', () => {
  it('keeps the id that its caller gave it', () => {
    expect(arrive({ 'x-request-id': 'req-1' }).requestId).toBe('req-1');
  });

  it.each([['two words'], ['a\nb'], ['x'.repeat(200)], [''], [['a', 'b']]])('gets one of ours in place of %p', (id) => {
    expect(arrive({ 'x-request-id': id }).requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('gets an id of its own without one', () => {
    expect(arrive({}).requestId).not.toBe(arrive({}).requestId);
  });

  it('names the trace of its caller, though nothing is traced here', () => {
    expect(arrive({ traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` }).span.traceId).toBe(TRACE_ID);
  });

  it.each([
    'nonsense',
    `00-${TRACE_ID}-b7ad6b7169203331`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${TRACE_ID.toUpperCase()}-b7ad6b7169203331-01`,
    `00-${TRACE_ID}-b7ad6b7169203331-01\n{"audit":"forged"}`,
  ])('names no trace for %p', (traceparent) => {
    expect(arrive({ traceparent }).span.traceId).toBeUndefined();
  });
});
