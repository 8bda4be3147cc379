import type { Counter, Histogram } from 'prom-client';
import type { Admission } from '../access/admission.js';
import type { CallObserver, FinishedCall } from '../calls/finished-call.js';
import { OVERLOADED, type CallsInFlight } from '../limits/calls-in-flight.js';
import { TOO_MANY_STREAMS, type OpenStreams } from '../streams/open-streams.js';
import type { Metrics } from './metrics.js';

/** Few, for there is one series of each for every method and door. */
const ANSWER_LIMITS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const STREAM_LIMITS_S = [1, 10, 60, 300, 1_800, 3_600, 14_400];

/** Where calls are, or were refused, before they are answered. */
export interface CallGates {
  readonly calls: CallsInFlight;
  readonly admission: Admission;
  readonly streams: OpenStreams;
}

/** Calls that are over. Names of methods come from the contract and the routes, so nobody can make them many. */
export class CallMetrics implements CallObserver {
  private readonly finished: Counter<'door' | 'method' | 'code'>;
  private readonly answers: Histogram<'door' | 'method'>;
  private readonly streams: Histogram<'door'>;

  constructor(metrics: Metrics, gates: CallGates) {
    this.finished = metrics.counter('calls_total', 'Calls that are over; without a method: of what is none of ours', [
      'door',
      'method',
      'code',
    ]);
    this.answers = metrics.histogram('call_duration_seconds', 'How long calls took that are no streams', ANSWER_LIMITS_S, [
      'door',
      'method',
    ]);
    this.streams = metrics.histogram('stream_duration_seconds', 'How long streams lasted that are over', STREAM_LIMITS_S, ['door']);
    metrics.readGauge('calls_in_flight', 'Calls that wait for their answers', () => gates.calls.size);
    metrics.readCounter('calls_refused_total', 'Calls that were refused at the door, and why', () => refusalsOf(gates), ['reason']);
  }

  record({ door, method, code, durationMs, isStream }: FinishedCall): void {
    this.finished.inc({ door, method, code });
    if (isStream) this.streams.observe({ door }, durationMs / 1_000);
    else this.answers.observe({ door, method }, durationMs / 1_000);
  }
}

function* refusalsOf({ calls, admission, streams }: CallGates) {
  for (const [reason, value] of admission.refused) yield { labels: { reason }, value };
  yield { labels: { reason: OVERLOADED }, value: calls.refused };
  yield { labels: { reason: TOO_MANY_STREAMS }, value: streams.tally.refused };
}
