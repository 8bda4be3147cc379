import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { Metrics } from '../../../common/metrics/metrics.js';
import { EventHub } from '../../event/event.hub.js';

/** How the attempt to abort a canceled task's work went; `not_attempted`: it had ended already. */
export type AbortOutcome = 'success' | 'timeout' | 'error' | 'not_attempted';

const DURATION_LIMITS_MS = [10, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000];

/** What becomes of tasks, under the names of opencode-a2a-server. */
@Injectable()
export class TaskMetrics {
  private openStreams = 0;
  private readonly streams: Counter;
  private readonly toolChunks: Counter;
  private readonly asks: Counter;
  private readonly resolutions: Counter;
  private readonly cancels: Counter;
  private readonly attempts: Counter;
  private readonly aborts: Readonly<Record<Exclude<AbortOutcome, 'not_attempted'>, Counter>>;
  private readonly durationsMs: Histogram<'abort_outcome'>;

  constructor({ unprefixed: numbers }: Metrics, hub: EventHub) {
    this.streams = numbers.counter('a2a_stream_requests_total', 'Streams of tasks that were begun');
    numbers.readGauge('a2a_stream_active', 'Streams of tasks that are open', () => this.openStreams);
    this.toolChunks = numbers.counter('tool_call_chunks_emitted_total', 'States of tool calls that streams told');
    this.asks = numbers.counter('interrupt_requests_total', 'Permissions and questions that tasks asked');
    this.resolutions = numbers.counter('interrupt_resolved_total', 'Permissions and questions that were answered or withdrawn');
    this.cancels = numbers.counter('a2a_cancel_requests_total', 'Requests to cancel a task');
    this.attempts = numbers.counter('a2a_cancel_abort_attempt_total', 'Attempts to abort what a canceled task does');
    this.aborts = {
      success: numbers.counter('a2a_cancel_abort_success_total', 'Attempts that OpenCode followed in time'),
      timeout: numbers.counter('a2a_cancel_abort_timeout_total', 'Attempts that took longer than A2A_CANCEL_ABORT_TIMEOUT_SECONDS'),
      error: numbers.counter('a2a_cancel_abort_error_total', 'Attempts that failed'),
    };
    this.durationsMs = numbers.histogram('a2a_cancel_duration_ms', 'How long cancels took', DURATION_LIMITS_MS, ['abort_outcome']);
    const retries = numbers.counter('opencode_stream_retries_total', 'How often the events of OpenCode came back after a pause');
    hub.reconnected$.subscribe(() => retries.inc());
  }

  /** @returns what to call at the stream's end */
  onStream(): () => void {
    this.streams.inc();
    this.openStreams += 1;
    return () => (this.openStreams -= 1);
  }

  onToolChunk(): void {
    this.toolChunks.inc();
  }

  onAsk(): void {
    this.asks.inc();
  }

  onResolution(): void {
    this.resolutions.inc();
  }

  /** @returns what to call once it is answered */
  onCancel(): (outcome: AbortOutcome) => void {
    this.cancels.inc();
    const sinceMs = performance.now();
    return (outcome) => this.durationsMs.observe({ abort_outcome: outcome }, performance.now() - sinceMs);
  }

  onAbort(): void {
    this.attempts.inc();
  }

  onAborted(outcome: Exclude<AbortOutcome, 'not_attempted'>): void {
    this.aborts[outcome].inc();
  }
}
