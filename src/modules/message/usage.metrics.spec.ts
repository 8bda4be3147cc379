import { readConfig } from '../../common/config/config.js';
import { Metrics } from '../../common/metrics/metrics.js';
import type { MessageInfo } from './message.model.js';
import { UsageMetrics } from './usage.metrics.js';

function setUp(settings: NodeJS.ProcessEnv = {}) {
  const metrics = new Metrics();
  const usage = new UsageMetrics(metrics, readConfig(settings));
  const count = (modelId: string, info: Partial<MessageInfo> = {}, principalId = 'ci'): void => {
    const tokens = { input: 1, output: 2, reasoning: 0, cacheRead: 4, cacheWrite: 5 };
    usage.countAnswer({ model: { providerId: 'p', modelId }, tokens, cost: 0.5, ...info } as MessageInfo, principalId);
  };
  const series = async (name: string): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(`opencode_gateway_${name}{`));
  return { count, series };
}

describe('UsageMetrics', () => {
  it('counts tokens by model and type, and cost by model', async () => {
    const { count, series } = setUp();
    count('m');
    count('m');

    expect(await series('tokens_total')).toEqual(
      ['type="input"} 2', 'type="output"} 4', 'type="cache_read"} 8', 'type="cache_write"} 10'].map(
        (end) => `opencode_gateway_tokens_total{provider="p",model="m",${end}`,
      ),
    );
    expect(await series('cost_usd_total')).toEqual(['opencode_gateway_cost_usd_total{provider="p",model="m"} 1']);
    expect(await series('principal_tokens_total')).toEqual([]);
  });

  it('tells no more than a hundred models and principals apart', async () => {
    const { count, series } = setUp({ METRICS_PRINCIPALS: 'true' });
    for (let index = 0; index < 150; index += 1) count(`m${index}`, {}, `p${index}`);

    const [models, principals] = await Promise.all([series('cost_usd_total'), series('principal_cost_usd_total')]);
    expect([models.length, principals.length]).toEqual([101, 101]);
    expect(models.at(-1)).toBe('opencode_gateway_cost_usd_total{provider="other",model="other"} 25');
    expect(principals.at(-1)).toBe('opencode_gateway_principal_cost_usd_total{principal="other"} 25');
  });

  it.each([
    ['no tokens and no cost', { tokens: undefined, cost: undefined }],
    ['what cannot be', { tokens: { input: -1, output: Infinity, reasoning: NaN, cacheRead: 0, cacheWrite: 0 }, cost: -0.1 }],
  ])('counts nothing of %s', async (_, info) => {
    const { count, series } = setUp();
    count('m', info);

    expect([...(await series('tokens_total')), ...(await series('cost_usd_total'))]).toEqual([]);
  });
});
