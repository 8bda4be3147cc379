import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type ModelInfoSchema, ModelStatus, type CacheCostSchema } from '../../common/grpc/generated/model_pb.js';
import { ProviderListSchema, type ProviderList } from '../../common/grpc/generated/session_pb.js';
import type { UpstreamModel, UpstreamPrice, UpstreamProvider, UpstreamProviders } from '../../common/opencode/opencode.catalogue.types.js';
import type { Media, Model, Price, Provider, Providers } from './provider.model.js';

const NO_MEDIA: Media = { text: false, audio: false, image: false, video: false, pdf: false };

function fromPrice(price: UpstreamPrice | undefined): Price {
  return {
    input: price?.input ?? 0,
    output: price?.output ?? 0,
    cacheRead: price?.cache?.read ?? 0,
    cacheWrite: price?.cache?.write ?? 0,
  };
}

/** An address without what may be secret in it: user, password, query. */
function fromUrl(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return '';
  const { origin, pathname } = new URL(url);
  return pathname === '/' ? origin : `${origin}${pathname}`;
}

/** Empty counts as absent: so OpenCode says what it does not know. */
function orUndefined(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function fromUpstreamModel(model: UpstreamModel): Model {
  const { api, capabilities, cost, limit } = model;
  return {
    id: model.id,
    providerId: model.providerID,
    name: model.name ?? model.id,
    family: orUndefined(model.family),
    releaseDate: orUndefined(model.release_date),
    api: { id: api?.id ?? '', url: fromUrl(api?.url), npm: api?.npm ?? '' },
    takesTemperature: capabilities?.temperature ?? false,
    reasons: capabilities?.reasoning ?? false,
    reasonsBetweenTools: (capabilities?.interleaved ?? false) !== false,
    takesAttachments: capabilities?.attachment ?? false,
    callsTools: capabilities?.toolcall ?? false,
    input: { ...NO_MEDIA, ...capabilities?.input },
    output: { ...NO_MEDIA, ...capabilities?.output },
    price: fromPrice(cost),
    priceOver200k: cost?.experimentalOver200K && fromPrice(cost.experimentalOver200K),
    priceTiers: (cost?.tiers ?? []).map((tier) => ({ ...fromPrice(tier), contextSize: tier.tier?.size ?? 0 })),
    limits: { context: limit?.context ?? 0, input: limit?.input, output: limit?.output ?? 0 },
    status: model.status ?? '',
    variants: Object.keys(model.variants ?? {}),
  };
}

/** Keys, headers and options stay behind. */
function fromUpstreamProvider({ id, name, source, key, options, models }: UpstreamProvider): Provider {
  return {
    id,
    name: name ?? id,
    source: source ?? '',
    hasKey: key !== undefined || options?.apiKey !== undefined || source === 'env',
    models: Object.values(models).map(fromUpstreamModel),
  };
}

export function fromUpstreamProviders({ providers, default: defaults }: UpstreamProviders): Providers {
  return { providers: providers.map(fromUpstreamProvider), defaults: defaults ?? {} };
}

const STATUSES: Readonly<Record<string, ModelStatus>> = {
  alpha: ModelStatus.ALPHA,
  beta: ModelStatus.BETA,
  active: ModelStatus.ACTIVE,
  deprecated: ModelStatus.DEPRECATED,
};

function toCacheCost({ cacheRead, cacheWrite }: Price): MessageInitShape<typeof CacheCostSchema> {
  return { read: cacheRead, write: cacheWrite };
}

function toModelInfo(model: Model): MessageInitShape<typeof ModelInfoSchema> {
  const { price, priceOver200k: over, limits } = model;
  return {
    id: model.id,
    providerId: model.providerId,
    name: model.name,
    api: model.api,
    capabilities: {
      temperature: model.takesTemperature,
      reasoning: model.reasons,
      attachment: model.takesAttachments,
      toolcall: model.callsTools,
      input: model.input,
      output: model.output,
      interleaved: model.reasonsBetweenTools,
    },
    cost: {
      input: price.input,
      output: price.output,
      cache: toCacheCost(price),
      ...(over !== undefined && { over200k: { input: over.input, output: over.output, cache: toCacheCost(over) } }),
      tiers: model.priceTiers.map((tier) => ({
        input: tier.input,
        output: tier.output,
        cache: toCacheCost(tier),
        contextSize: BigInt(tier.contextSize),
      })),
    },
    limits: { context: limits.context, output: limits.output, ...(limits.input !== undefined && { input: limits.input }) },
    status: STATUSES[model.status] ?? ModelStatus.MODEL_STATUS_UNSPECIFIED,
    variants: [...model.variants],
    ...(model.family !== undefined && { family: model.family }),
    ...(model.releaseDate !== undefined && { releaseDate: model.releaseDate }),
  };
}

export function toProviderList({ providers, defaults }: Providers): ProviderList {
  return create(ProviderListSchema, {
    providers: providers.map(({ id, name, source, models }) => ({ id, name, source, models: models.map(toModelInfo) })),
    defaults: { ...defaults },
  });
}
