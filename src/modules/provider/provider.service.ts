import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { DirectoryCache } from '../../common/opencode/directory-cache.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromModelName, toModelName } from '../session/session.mapper.js';
import type { ModelRef } from '../session/session.model.js';
import { fromUpstreamProviders } from './provider.mapper.js';
import type { Model, Providers } from './provider.model.js';

/** What a directory has on offer. */
interface Catalogue extends Providers {
  /** By `provider/model`. */
  readonly models: ReadonlyMap<string, Model>;
  readonly configured: ModelRef | undefined;
}

/** The usable providers of a directory and their models. Knows no transport. */
@Injectable()
export class ProviderService {
  private readonly catalogues: DirectoryCache<Catalogue>;

  constructor(
    private readonly pool: OpencodePool,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.catalogues = new DirectoryCache(pool, (directory) => this.read(directory));
  }

  /** The providers of a directory; without one, the workspace's. @throws GatewayError INVALID_ARGUMENT for one outside the workspace */
  async list(directory?: string): Promise<Providers> {
    const { workspace } = this.pool.forDirectory(directory);
    return this.catalogues.get(directory === undefined ? workspace.root : workspace.resolveDirectory(directory));
  }

  /** OpenCode reads its credentials anew: what is kept here may be wrong. */
  forget(): void {
    this.catalogues.clear();
  }

  /**
   * A model by `provider/model`, or by its own id where that is enough to tell it from the others.
   *
   * @throws GatewayError INVALID_ARGUMENT naming `field`
   */
  async find(directory: string, name: string, field: string): Promise<Model> {
    const { models } = await this.catalogues.getWhere(directory, (known) => known.models.has(name));
    const named = models.get(name);
    if (named !== undefined) return named;
    const [only, second] = [...models.values()].filter((model) => model.id === name);
    if (only === undefined) throw GatewayError.invalid(field, `there is no usable model ${JSON.stringify(name)}`);
    if (second !== undefined) throw GatewayError.invalid(field, `several providers have ${JSON.stringify(name)}; say provider/model`);
    return only;
  }

  /** OpenCode stores an unknown model in the session, whose prompts then all fail. @throws GatewayError INVALID_ARGUMENT naming `field`. */
  async requireModel(directory: string, model: ModelRef, field: string): Promise<void> {
    const name = toModelName(model);
    const { models } = await this.catalogues.getWhere(directory, (known) => known.models.has(name));
    if (!models.has(name)) throw GatewayError.invalid(field, `there is no usable model ${JSON.stringify(name)}`);
  }

  /** A misspelt variant must not pass unnoticed. @throws GatewayError INVALID_ARGUMENT naming `field`. */
  async requireVariant(directory: string, model: ModelRef | undefined, variant: string, field: string): Promise<void> {
    const known = model && (await this.catalogues.get(directory)).models.get(toModelName(model));
    if (known?.variants.includes(variant)) return;
    const choice = known === undefined || known.variants.length === 0 ? 'it has none' : `it has ${known.variants.join(', ')}`;
    throw GatewayError.invalid(field, `the model has no variant ${JSON.stringify(variant)}; ${choice}`);
  }

  /** Whether it is known not to take attachments is the caller's to judge: unknown models count as taking them. */
  async acceptsAttachments(directory: string, model: ModelRef): Promise<boolean> {
    return (await this.catalogues.get(directory)).models.get(toModelName(model))?.takesAttachments ?? true;
  }

  async isUsable(directory: string, model: ModelRef): Promise<boolean> {
    return (await this.catalogues.get(directory)).models.has(toModelName(model));
  }

  /** The gateway's configured model, else OpenCode's; undefined leaves the choice to OpenCode. */
  async defaultModel(directory: string): Promise<ModelRef | undefined> {
    const { OPENCODE_PROVIDER_ID: providerId, OPENCODE_MODEL_ID: modelId } = this.config;
    if (providerId !== undefined && modelId !== undefined) return { providerId, modelId };
    return (await this.catalogues.get(directory)).configured;
  }

  private async read(directory: string): Promise<Catalogue> {
    const { client } = this.pool.forDirectory(directory);
    const [upstream, configured] = await Promise.all([client.providers(directory), client.defaultModel(directory)]);
    const known = fromUpstreamProviders(upstream);
    const models = known.providers.flatMap((provider) => provider.models.map((model) => [nameOf(model), model] as const));
    return { ...known, models: new Map(models), configured: configured === undefined ? undefined : fromModelName(configured) };
  }
}

function nameOf({ providerId, id }: Model): string {
  return toModelName({ providerId, modelId: id });
}
