import { NEVER } from 'rxjs';
import { FakeSink } from '../../../test/support/fake-sink.js';
import type { Admission } from '../access/admission.js';
import { CallsInFlight } from '../limits/calls-in-flight.js';
import { OpenStreams } from '../streams/open-streams.js';
import { CallMetrics } from './call.metrics.js';
import { Metrics } from './metrics.js';

function setUp() {
  const metrics = new Metrics();
  const calls = new CallsInFlight(1);
  const bounds = { maxMessages: 1, maxBytes: 1 };
  const limits = { bounds, heartbeatS: 0, leaveAfterS: 0, maxStreams: 1, maxStreamsPerPrincipal: 1 };
  const streams = new OpenStreams({ ...limits, isWelcome: () => true });
  const admission = { refused: new Map([['RATE_LIMITED', 3]]) } as unknown as Admission;
  new CallMetrics(metrics, { calls, streams, admission });
  const series = async (name: string): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`opencode_gateway_${name}`));
  return { calls, streams, series };
}

describe('CallMetrics', () => {
  it('says how many calls are in flight', async () => {
    const { calls, series } = setUp();
    calls.enter({});

    expect(await series('calls_in_flight')).toEqual(['opencode_gateway_calls_in_flight 1']);
  });

  it('counts what each limit refused', async () => {
    const { calls, streams, series } = setUp();
    calls.enter({});
    streams.write(NEVER, new FakeSink(), { door: 'grpc', method: 'm' });

    expect(() => calls.enter({})).toThrow();
    expect(() => streams.requireRoom(undefined)).toThrow();
    expect(() => streams.requireRoom(undefined)).toThrow();

    expect(await series('calls_refused_total')).toEqual([
      'opencode_gateway_calls_refused_total{reason="RATE_LIMITED"} 3',
      'opencode_gateway_calls_refused_total{reason="OVERLOADED"} 1',
      'opencode_gateway_calls_refused_total{reason="TOO_MANY_STREAMS"} 2',
    ]);
  });
});
