import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import type { Model } from '../provider/provider.model.js';
import { ProviderService } from '../provider/provider.service.js';
import { SessionService } from '../session/session.service.js';
import { WorkspaceService } from './workspace.service.js';

/** The models of the container's agent. Knows no transport. */
@Injectable()
export class WorkspaceModelsService {
  constructor(
    private readonly workspace: WorkspaceService,
    private readonly providers: ProviderService,
    private readonly sessions: SessionService,
  ) {}

  /** The workspace's usable models, or those of one provider. */
  async list(providerId: string): Promise<Model[]> {
    const { providers } = await this.providers.list();
    return providers.filter(({ id }) => providerId === '' || id === providerId).flatMap(({ models }) => models);
  }

  /** Every later prompt that names no model gets this one. @throws GatewayError INVALID_ARGUMENT naming `model_id` */
  async choose(owner: Principal, name: string): Promise<Model> {
    const { id, directory } = await this.workspace.session(owner);
    const model = await this.providers.find(directory, name, 'model_id');
    await this.sessions.update(id, { labels: {}, model: { providerId: model.providerId, modelId: model.id } });
    return model;
  }
}
