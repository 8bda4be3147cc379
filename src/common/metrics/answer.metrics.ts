import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import type { Actor } from '../logging/audit.js';
import { Metrics } from './metrics.js';

/** Answers to what agents asked that were given here, and by whom: a caller, a policy, or the abort of a turn. */
@Injectable()
export class AnswerMetrics {
  private readonly answers: Counter<'kind' | 'answer' | 'by'>;

  constructor(metrics: Metrics) {
    this.answers = metrics.counter('asks_answered_total', 'Permissions and questions that were answered here, how and by whom', [
      'kind',
      'answer',
      'by',
    ]);
  }

  count(kind: 'permission' | 'question', answer: 'once' | 'always' | 'reject' | 'reply', by: Actor): void {
    this.answers.inc({ kind, answer, by: typeof by === 'string' ? by : 'caller' });
  }
}
