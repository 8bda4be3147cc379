import { Injectable } from '@nestjs/common';
import { Metrics } from '../../common/metrics/metrics.js';
import { EventHub } from './event.hub.js';

const LAG_LIMITS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** What arrives from OpenCode, whether it does, and how late. */
@Injectable()
export class EventMetrics {
  constructor(metrics: Metrics, hub: EventHub) {
    const { tally } = hub;
    metrics.readGauge('upstream_connected', 'Whether the events of OpenCode arrive', () => (hub.isReady ? 1 : 0));
    const reconnects = metrics.counter('upstream_reconnects_total', 'How often the events of OpenCode came back after a pause');
    hub.reconnected$.subscribe(() => reconnects.inc());
    metrics.readCounter(
      'upstream_events_total',
      'Frames from OpenCode by what they told',
      () => [...tally.frames].map(([type, value]) => ({ labels: { type }, value })),
      ['type'],
    );
    const lag = metrics.histogram(
      'event_lag_seconds',
      'How much later than the fastest events were written to their readers',
      LAG_LIMITS_S,
    );
    tally.lag$.subscribe((seconds) => lag.observe(seconds));
    metrics.readCounter('event_holes_total', 'How often events of OpenCode were missing', () => tally.holes);
    metrics.readCounter('event_resyncs_total', 'How often a reader was told that it missed events for good', () => tally.resyncs);
  }
}
