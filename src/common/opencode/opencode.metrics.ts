import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { Metrics } from '../metrics/metrics.js';
import type { FinishedUpstreamCall } from './opencode.http.js';
import type { OpencodeSupervisor } from './opencode.supervisor.js';

const ANSWER_LIMITS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** What the gateway asks of OpenCode, and how our own OpenCode fares. */
@Injectable()
export class OpencodeMetrics {
  private readonly requests: Counter<'route' | 'code'>;
  private readonly durations: Histogram<'route'>;
  private supervisor: Pick<OpencodeSupervisor, 'restarts' | 'hangKills'> | undefined;

  constructor(metrics: Metrics) {
    this.requests = metrics.counter('upstream_requests_total', 'Requests to OpenCode by route and status, or why there was no answer', [
      'route',
      'code',
    ]);
    this.durations = metrics.histogram('upstream_request_duration_seconds', 'How long OpenCode took to answer', ANSWER_LIMITS_S, ['route']);
    metrics.readCounter('opencode_restarts_total', 'How often our own OpenCode was started anew', () => this.supervisor?.restarts ?? 0);
    metrics.readCounter(
      'opencode_hang_kills_total',
      'How often our own OpenCode was killed because it answered nothing',
      () => this.supervisor?.hangKills ?? 0,
    );
  }

  record({ route, code, durationMs }: FinishedUpstreamCall): void {
    this.requests.inc({ route, code });
    this.durations.observe({ route }, durationMs / 1_000);
  }

  /** Our own OpenCode, where it is ours. */
  watch(supervisor: Pick<OpencodeSupervisor, 'restarts' | 'hangKills'>): void {
    this.supervisor = supervisor;
  }
}
