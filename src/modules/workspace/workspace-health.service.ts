import { Injectable } from '@nestjs/common';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import type { WorkspaceConfigUse } from '../../common/opencode/workspace-config.js';
import { HealthService } from '../health/health.service.js';

/** Seed 000: how the container is. Knows no transport. */
@Injectable()
export class WorkspaceHealthService {
  constructor(
    private readonly health: HealthService,
    private readonly pool: OpencodePool,
  ) {}

  get isReady(): boolean {
    return this.health.readiness.ready;
  }

  /** Whether OpenCode takes configuration from the directories it works in. */
  get configUse(): WorkspaceConfigUse {
    return this.pool.forDirectory(undefined).workspaceConfig.use;
  }
}
