import { Injectable } from '@nestjs/common';
import { Metrics } from '../../common/metrics/metrics.js';
import { AskService } from './ask.service.js';

const KINDS = ['permission', 'question'] as const;

/** What agents wait for. Every gateway in front of one OpenCode sees the same asks. */
@Injectable()
export class AskMetrics {
  constructor(metrics: Metrics, asks: AskService) {
    metrics.readGauge(
      'asks_pending',
      'Permissions and questions that nobody has answered',
      () => KINDS.map((kind) => ({ labels: { kind }, value: asks.pending(kind).count })),
      ['kind'],
    );
    metrics.readGauge(
      'ask_oldest_seconds',
      'For how long the oldest of them has waited, as far as this gateway knows; 0 without one',
      () => KINDS.map((kind) => ({ labels: { kind }, value: asks.pending(kind).oldestMs / 1_000 })),
      ['kind'],
    );
  }
}
