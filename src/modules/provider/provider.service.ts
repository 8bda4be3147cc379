import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { DirectoryCache } from '../../common/opencode/directory-cache.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromModelName, toModelName } from '../session/session.mapper.js';
import type { ModelRef } from '../session/session.model.js';

interface Models {
  /** `provider/model` → whether it takes attachments. */
  readonly byName: ReadonlyMap<string, { readonly attachments: boolean }>;
  readonly configured: ModelRef | undefined;
}

/** The models of a directory's usable providers. */
@Injectable()
export class ProviderService {
  private readonly models: DirectoryCache<Models>;

  constructor(
    private readonly pool: OpencodePool,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.models = new DirectoryCache((directory) => this.read(directory));
  }

  /** OpenCode stores an unknown model in the session, whose prompts then all fail. @throws GatewayError INVALID_ARGUMENT naming `field`. */
  async requireModel(directory: string, model: ModelRef, field: string): Promise<void> {
    const name = toModelName(model);
    const { byName } = await this.models.getWhere(directory, (known) => known.byName.has(name));
    if (!byName.has(name)) throw GatewayError.invalid(field, `there is no usable model ${JSON.stringify(name)}`);
  }

  /** Whether it is known not to take attachments is the caller's to judge: unknown models count as taking them. */
  async acceptsAttachments(directory: string, model: ModelRef): Promise<boolean> {
    return (await this.models.get(directory)).byName.get(toModelName(model))?.attachments ?? true;
  }

  async isUsable(directory: string, model: ModelRef): Promise<boolean> {
    return (await this.models.get(directory)).byName.has(toModelName(model));
  }

  /** The gateway's configured model, else OpenCode's; undefined leaves the choice to OpenCode. */
  async defaultModel(directory: string): Promise<ModelRef | undefined> {
    const { OPENCODE_PROVIDER_ID: providerId, OPENCODE_MODEL_ID: modelId } = this.config;
    if (providerId !== undefined && modelId !== undefined) return { providerId, modelId };
    return (await this.models.get(directory)).configured;
  }

  private async read(directory: string): Promise<Models> {
    const { client } = this.pool.forDirectory(directory);
    const [{ providers }, configured] = await Promise.all([client.providers(directory), client.defaultModel(directory)]);
    const entries = providers.flatMap((provider) =>
      Object.values(provider.models).map(
        (model) =>
          [toModelName({ providerId: provider.id, modelId: model.id }), { attachments: model.capabilities?.attachment ?? false }] as const,
      ),
    );
    return { byName: new Map(entries), configured: configured === undefined ? undefined : fromModelName(configured) };
  }
}
