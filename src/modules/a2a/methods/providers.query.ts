import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Providers } from '../../provider/provider.model.js';
import { ProviderService } from '../../provider/provider.service.js';
import type { ExtensionMethod } from '../extension-method.js';
import { DirectoryGuard } from './directory.guard.js';
import { metadata, nonEmpty, optional, parseParams, type Params } from './extension.params.js';
import { toModelItem, toProviderItem } from './provider-items.mapper.js';

const providersParams = z.strictObject({ metadata });
const modelsParams = z.strictObject({ provider_id: optional(nonEmpty.trim()), metadata });

/** Providers that can be used, and their models. All of them are connected: those without a key OpenCode does not tell of. */
@Injectable()
export class ProvidersQuery {
  readonly methods: readonly ExtensionMethod[] = [
    { name: 'opencode.providers.list', scope: 'read', run: (params) => this.providers(params) },
    { name: 'opencode.models.list', scope: 'read', run: (params) => this.models(params) },
  ];

  constructor(
    private readonly catalogue: ProviderService,
    private readonly directories: DirectoryGuard,
  ) {}

  /** `{items, default_by_provider, connected}` */
  private async providers(params: Params): Promise<unknown> {
    const wanted = parseParams(providersParams, params, 'params');
    const known = await this.catalogue.list(this.directories.ofMetadata(wanted.metadata));
    return { items: known.providers.map((provider) => toProviderItem(provider, known.defaults)), ...summaryOf(known) };
  }

  /** The same of models; `provider_id` leaves those of one provider. */
  private async models(params: Params): Promise<unknown> {
    const wanted = parseParams(modelsParams, params, 'params');
    const known = await this.catalogue.list(this.directories.ofMetadata(wanted.metadata));
    const providers = known.providers.filter(({ id }) => wanted.provider_id === undefined || id === wanted.provider_id);
    const models = providers.flatMap((provider) => provider.models);
    return { items: models.map((model) => toModelItem(model, known.defaults)), ...summaryOf(known) };
  }
}

function summaryOf({ providers, defaults }: Providers) {
  return { default_by_provider: { ...defaults }, connected: providers.map(({ id }) => id) };
}
