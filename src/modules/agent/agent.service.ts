import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { DirectoryCache } from '../../common/opencode/directory-cache.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamAgent } from './agent.mapper.js';
import type { Agent } from './agent.model.js';

/** The agents of a directory. Knows no transport. */
@Injectable()
export class AgentService {
  private readonly agents: DirectoryCache<readonly Agent[]>;

  constructor(private readonly pool: OpencodePool) {
    this.agents = new DirectoryCache(pool, async (directory) =>
      (await this.pool.forDirectory(directory).client.agents(directory)).map(fromUpstreamAgent),
    );
  }

  /** The workspace's agents that a caller can choose. */
  async list(): Promise<Agent[]> {
    const { root } = this.pool.forDirectory(undefined).workspace;
    return (await this.agents.get(root)).filter((agent) => !agent.isHidden);
  }

  /** The agent of a caller who names none. @throws GatewayError FAILED_PRECONDITION when every agent was switched off. */
  async defaultName(directory: string): Promise<string> {
    const first = (await this.agents.get(directory)).find((agent) => !agent.isHidden && agent.mode !== 'subagent');
    if (first === undefined) throw new GatewayError('FAILED_PRECONDITION', 'OpenCode has no agent', { reason: 'NO_AGENT' });
    return first.name;
  }

  /** OpenCode accepts a prompt for an unknown agent and then never answers it. @throws GatewayError INVALID_ARGUMENT naming `field`. */
  async require(directory: string, name: string, field: string): Promise<void> {
    const isThere = (agents: readonly Agent[]): boolean => agents.some((agent) => agent.name === name);
    if (!isThere(await this.agents.getWhere(directory, isThere)))
      throw GatewayError.invalid(field, `there is no agent ${JSON.stringify(name)}`);
  }
}
