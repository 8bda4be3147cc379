import { Inject, Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { CONFIG, type Config } from '../../common/config/config.js';
import { BoundedValues } from '../../common/metrics/bounded-values.js';
import { Metrics } from '../../common/metrics/metrics.js';
import type { MessageInfo, MessageTokens } from './message.model.js';

const MAX_MODELS = 100;
const MAX_PRINCIPALS = 100;

const TYPES = {
  input: 'input',
  output: 'output',
  reasoning: 'reasoning',
  cache_read: 'cacheRead',
  cache_write: 'cacheWrite',
} as const satisfies Record<string, keyof MessageTokens>;

/** What answers cost, in tokens and money. */
@Injectable()
export class UsageMetrics {
  private readonly tokens: Counter<'provider' | 'model' | 'type'>;
  private readonly cost: Counter<'provider' | 'model'>;
  private readonly models = new BoundedValues(MAX_MODELS);
  private readonly principals: PrincipalUsage | undefined;

  constructor(metrics: Metrics, @Inject(CONFIG) { METRICS_PRINCIPALS }: Config) {
    this.tokens = metrics.counter('tokens_total', 'Tokens of answers to turns that this gateway ran', ['provider', 'model', 'type']);
    this.cost = metrics.counter('cost_usd_total', "What these answers cost in US dollars, by OpenCode's prices", ['provider', 'model']);
    this.principals = METRICS_PRINCIPALS ? new PrincipalUsage(metrics) : undefined;
  }

  /** An answer that is complete; to be told once of each. */
  countAnswer({ model, tokens, cost = 0 }: MessageInfo, principalId: string): void {
    const labels = this.labelsOf(model);
    for (const [type, count] of usedTokens(tokens)) {
      this.tokens.inc({ ...labels, type }, count);
      this.principals?.countTokens(principalId, type, count);
    }
    if (!isSome(cost)) return;
    this.cost.inc(labels, cost);
    this.principals?.countCost(principalId, cost);
  }

  countTurn(outcome: string, principalId: string): void {
    this.principals?.countTurn(principalId, outcome);
  }

  /** Any model of a configuration may be asked for: beyond so many they are told apart no more. */
  private labelsOf(model: MessageInfo['model']): { readonly provider: string; readonly model: string } {
    const { providerId = '', modelId = '' } = model ?? {};
    const isKnown = this.models.of(`${providerId}/${modelId}`) === `${providerId}/${modelId}`;
    return isKnown ? { provider: providerId, model: modelId } : { provider: 'other', model: 'other' };
  }
}

/** The same by who asked for it: names of people and programs, so only where an operator wants to know. */
class PrincipalUsage {
  private readonly tokens: Counter<'principal' | 'type'>;
  private readonly cost: Counter<'principal'>;
  private readonly turns: Counter<'principal' | 'outcome'>;
  private readonly names = new BoundedValues(MAX_PRINCIPALS);

  constructor(metrics: Metrics) {
    this.tokens = metrics.counter('principal_tokens_total', 'Tokens by who sent the prompts', ['principal', 'type']);
    this.cost = metrics.counter('principal_cost_usd_total', 'Costs in US dollars by who sent the prompts', ['principal']);
    this.turns = metrics.counter('principal_turns_total', 'Turns that ended by who began them', ['principal', 'outcome']);
  }

  countTokens(id: string, type: string, count: number): void {
    this.tokens.inc({ principal: this.names.of(id), type }, count);
  }

  countCost(id: string, usd: number): void {
    this.cost.inc({ principal: this.names.of(id) }, usd);
  }

  countTurn(id: string, outcome: string): void {
    this.turns.inc({ principal: this.names.of(id), outcome });
  }
}

function usedTokens(tokens: MessageTokens | undefined): [string, number][] {
  if (tokens === undefined) return [];
  return Object.entries(TYPES)
    .map(([type, key]): [string, number] => [type, tokens[key]])
    .filter(([, count]) => isSome(count));
}

/** Counters throw at anything else, and this comes from outside. */
function isSome(value: number): boolean {
  return value > 0 && Number.isFinite(value);
}
