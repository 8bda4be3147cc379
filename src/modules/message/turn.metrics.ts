import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { Metrics } from '../../common/metrics/metrics.js';
import { EventHub } from '../event/event.hub.js';
import type { GatewayEvent } from '../event/event.model.js';
import { TurnLine } from './turn.line.js';
import { TurnMeter } from './turn.meter.js';
import { TurnRegistry } from './turn.registry.js';
import type { FinalState } from './turn.verdict.js';
import { UsageMetrics } from './usage.metrics.js';
import type { Turn } from './turn.js';

const STATES = ['queued', 'admitted', 'running', 'waiting'] as const;
const OUTCOMES: readonly FinalState[] = ['completed', 'failed', 'aborted', 'rejected', 'interrupted'];
const TURN_LIMITS_S = [1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600];
const WAIT_LIMITS_S = [0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600];
const FIRST_OUTPUT_LIMITS_S = [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 20, 60];

/**
 * How turns go, and what they use.
 *
 * Where several gateways see a turn, the one that gave it to OpenCode counts it, its tokens and its cost. One whose gateway went away
 * meanwhile is counted by none, nor is what others began in OpenCode's own interface.
 */
@Injectable()
export class TurnMetrics implements OnModuleDestroy {
  private readonly meters = new Map<string, TurnMeter>();
  private readonly stopListening: () => void;
  private readonly ended: Counter<'kind' | 'outcome'>;
  private readonly durations: Histogram<'kind'>;
  private readonly waits: Histogram;
  private readonly firstOutputs: Histogram;

  constructor(
    metrics: Metrics,
    private readonly hub: EventHub,
    private readonly registry: TurnRegistry,
    line: TurnLine,
    private readonly usage: UsageMetrics,
  ) {
    this.ended = metrics.counter('turns_total', 'Turns that this gateway gave to OpenCode and that ended, and how', ['kind', 'outcome']);
    // The first failure shall be an increase, and not a series that was not there before.
    for (const outcome of OUTCOMES) this.ended.inc({ kind: 'prompt', outcome }, 0);
    this.durations = metrics.histogram('turn_duration_seconds', 'How long they took, without the wait in line', TURN_LIMITS_S, ['kind']);
    this.waits = metrics.histogram('turn_queue_wait_seconds', 'How long they waited in line before', WAIT_LIMITS_S);
    this.firstOutputs = metrics.histogram(
      'turn_first_token_seconds',
      'How long it took from there to the first words, thoughts or tools of the answer',
      FIRST_OUTPUT_LIMITS_S,
    );
    metrics.readGauge('turns', 'Turns that have not ended, whoever began them', () => countByState(registry.unended()), ['state']);
    metrics.readGauge('turn_oldest_seconds', 'The age of the oldest of them; 0 without one', () => oldestAgeS(registry.unended()));
    metrics.readCounter(
      'turns_refused_total',
      'Turns that were refused because too many run or wait: in all, of one principal, or in the line of one session',
      () => Object.entries({ ...registry.refused, session: line.refused }).map(([limit, value]) => ({ labels: { limit }, value })),
      ['limit'],
    );
    this.stopListening = hub.listenAll((event) => this.observe(event));
  }

  onModuleDestroy(): void {
    this.stopListening();
  }

  private observe(event: GatewayEvent): void {
    if (event.type === 'turn_updated') this.observeTurn(event);
    else if (this.meters.size > 0) this.meterOf(event.sessionId)?.observe(event, Date.now());
  }

  /** What a sub-agent does belongs to the turn of its root, unless it has one of its own. */
  private meterOf(sessionId: string): TurnMeter | undefined {
    return this.meters.get(sessionId) ?? this.meters.get(this.hub.rootIdOf(sessionId));
  }

  private observeTurn({ sessionId, turn: { turnId, state } }: Extract<GatewayEvent, { type: 'turn_updated' }>): void {
    const turn = state === 'admitted' ? this.registry.find(sessionId, turnId) : undefined;
    if (turn !== undefined) this.begin(turn);
  }

  /** Of a session OpenCode works on one turn at a time. */
  private begin(turn: Turn): void {
    const { sessionId, principalId, kind, createdAtMs } = turn;
    if (principalId === undefined) return;
    const startedAtMs = Date.now();
    const meter = new TurnMeter(turn, startedAtMs, {
      onFirstOutput: (tookMs) => this.firstOutputs.observe(tookMs / 1_000),
      onAnswer: (message) => this.usage.countAnswer(message, principalId),
    });
    this.meters.set(sessionId, meter);
    this.waits.observe((startedAtMs - createdAtMs) / 1_000);
    void turn.ended.then(({ state: outcome }) => {
      if (this.meters.get(sessionId) === meter) this.meters.delete(sessionId);
      this.ended.inc({ kind, outcome });
      this.durations.observe({ kind }, (Date.now() - startedAtMs) / 1_000);
      this.usage.countTurn(outcome, principalId);
    });
  }
}

function countByState(turns: readonly Turn[]) {
  return STATES.map((state) => ({ labels: { state }, value: turns.filter((turn) => turn.state === state).length }));
}

function oldestAgeS(turns: readonly Turn[]): number {
  const nowMs = Date.now();
  return turns.reduce((oldestMs, { createdAtMs }) => Math.max(oldestMs, nowMs - createdAtMs), 0) / 1_000;
}
