import { Injectable } from '@nestjs/common';
import type { Actor } from '../logging/audit.js';
import { AnswerMetrics } from '../metrics/answer.metrics.js';
import { AskSpans } from '../tracing/ask-spans.js';

/** An answer to what an agent asked. */
export interface AskAnswer {
  readonly kind: 'permission' | 'question';
  readonly id: string;
  readonly answer: 'once' | 'always' | 'reject' | 'reply';
  readonly by: Actor;
}

/** What is told of answers: who gave them, in the trace of what was asked, and how many OpenCode took. */
@Injectable()
export class AskAnswers {
  constructor(
    private readonly metrics: AnswerMetrics,
    private readonly spans: AskSpans,
  ) {}

  async carry({ kind, id, answer, by }: AskAnswer, send: () => Promise<void>): Promise<void> {
    // Before: OpenCode tells that it was answered, which ends the span, before it answers us.
    this.spans.noteAnswer(id, by);
    await send();
    this.metrics.count(kind, answer, by);
  }
}
