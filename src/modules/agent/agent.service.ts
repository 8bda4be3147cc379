import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { DirectoryCache } from '../../common/opencode/directory-cache.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';

/** The agents of a directory. */
@Injectable()
export class AgentService {
  private readonly names: DirectoryCache<ReadonlySet<string>>;

  constructor(pool: OpencodePool) {
    this.names = new DirectoryCache(
      async (directory) => new Set((await pool.forDirectory(directory).client.agents(directory)).map((agent) => agent.name)),
    );
  }

  /** OpenCode accepts a prompt for an unknown agent and then never answers it. @throws GatewayError INVALID_ARGUMENT naming `field`. */
  async require(directory: string, name: string, field: string): Promise<void> {
    const names = await this.names.getWhere(directory, (known) => known.has(name));
    if (!names.has(name)) throw GatewayError.invalid(field, `there is no agent ${JSON.stringify(name)}`);
  }
}
