import { Injectable } from '@nestjs/common';
import { Metrics } from '../../common/metrics/metrics.js';
import { EventHub } from './event.hub.js';

/** What arrives from OpenCode, and whether it does. */
@Injectable()
export class EventMetrics {
  constructor(metrics: Metrics, hub: EventHub) {
    metrics.readGauge('upstream_connected', 'Whether the events of OpenCode arrive', () => (hub.isReady ? 1 : 0));
    const reconnects = metrics.counter('upstream_reconnects_total', 'How often the events of OpenCode came back after a pause');
    hub.reconnected$.subscribe(() => reconnects.inc());
    metrics.readCounter(
      'upstream_events_total',
      'Frames from OpenCode by what they told',
      () => Object.entries(hub.frameCounts).map(([kind, value]) => ({ labels: { kind }, value: Number(value) })),
      ['kind'],
    );
  }
}
