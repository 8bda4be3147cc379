import { ModelStatus } from '../../common/grpc/generated/model_pb.js';
import type { UpstreamModel, UpstreamProvider } from '../../common/opencode/opencode.catalogue.types.js';
import { fromUpstreamProviders, toProviderList } from './provider.mapper.js';

const MODEL: UpstreamModel = { id: 'm', providerID: 'p' };

function told(model: Partial<UpstreamModel> = {}, provider: Partial<UpstreamProvider> = {}) {
  const upstream = { id: 'p', models: { m: { ...MODEL, ...model } }, ...provider };
  return toProviderList(fromUpstreamProviders({ providers: [upstream] })).providers[0];
}

describe('the mapping of providers', () => {
  it('tells a price above 200,000 tokens and the tiers of a model', () => {
    const price = { input: 3, output: 15, cache: { read: 0.3, write: 3.75 } };
    const over = { input: 6, output: 22.5, cache: { read: 0.6, write: 7.5 } };

    const model = told({ cost: { ...price, experimentalOver200K: over, tiers: [{ ...over, tier: { size: 272_000 } }] } })?.models[0];

    expect(model?.cost).toMatchObject({ ...price, over200k: over, tiers: [{ ...over, contextSize: 272_000n }] });
  });

  it.each([
    [false, false],
    [undefined, false],
    [true, true],
    [{ field: 'reasoning_content' }, true],
  ])('takes interleaved %j for %s', (interleaved, expected) => {
    expect(told({ capabilities: { interleaved } })?.models[0]?.capabilities?.interleaved).toBe(expected);
  });

  it.each([
    ['active', ModelStatus.ACTIVE],
    ['deprecated', ModelStatus.DEPRECATED],
    ['alpha', ModelStatus.ALPHA],
    ['beta', ModelStatus.BETA],
    ['something new', ModelStatus.MODEL_STATUS_UNSPECIFIED],
  ])('tells the status %s', (status, expected) => {
    expect(told({ status })?.models[0]?.status).toBe(expected);
  });

  it.each([
    ['https://user:secret@models.example/v1?key=secret#secret', 'https://models.example/v1'],
    ['https://models.example/', 'https://models.example'],
    ['', ''],
    ['no address', ''],
  ])('tells the address %j without what may be secret in it', (url, expected) => {
    expect(told({ api: { url } })?.models[0]?.api?.url).toBe(expected);
  });

  it('leaves keys, headers and options behind, also those it does not know', () => {
    const secret = { key: 'secret', options: { apiKey: 'secret', token: 'secret' }, headers: { a: 'secret' }, later: 'secret' };

    const list = told(secret as Partial<UpstreamModel>, secret);

    expect(JSON.stringify(list, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('secret');
  });

  it('takes what OpenCode does not say for nothing', () => {
    expect(told()).toMatchObject({ id: 'p', name: 'p', source: '' });
    expect(told()?.models[0]).toMatchObject({ id: 'm', name: 'm', variants: [], limits: { context: 0, output: 0 } });
    expect(told({ family: '', release_date: '' })?.models[0]).not.toHaveProperty('family', '');
  });
});
