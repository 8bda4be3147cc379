import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { DirectoryCache } from '../../common/opencode/directory-cache.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromUpstreamCommand } from './command.mapper.js';
import type { Command } from './command.model.js';

/** The commands of a directory. Knows no transport. */
@Injectable()
export class CommandService {
  private readonly commands: DirectoryCache<readonly Command[]>;

  constructor(private readonly pool: OpencodePool) {
    this.commands = new DirectoryCache(pool, async (directory) =>
      (await this.pool.forDirectory(directory).client.commands(directory)).map(fromUpstreamCommand),
    );
  }

  /** The workspace's commands. */
  async list(): Promise<readonly Command[]> {
    return this.commands.get(this.pool.forDirectory(undefined).workspace.root);
  }

  /** @throws GatewayError INVALID_ARGUMENT naming `field` */
  async require(directory: string, name: string, field: string): Promise<void> {
    const isThere = (commands: readonly Command[]): boolean => commands.some((command) => command.name === name);
    if (!isThere(await this.commands.getWhere(directory, isThere)))
      throw GatewayError.invalid(field, `there is no command ${JSON.stringify(name)}`);
  }
}
