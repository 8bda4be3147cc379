import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { ENVIRONMENT } from '../../common/opencode/opencode.module.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { fromStoredCredential, toUpstreamCredential } from './auth.mapper.js';
import type { Credential, CredentialType } from './auth.model.js';

const AUTH_CONTENT = 'OPENCODE_AUTH_CONTENT';

/** A provider's credentials. */
export interface StoredCredentials {
  /** The one OpenCode uses. */
  readonly active: Credential | undefined;
  /** The one of the other type, kept for a switch. */
  readonly resting: Credential | undefined;
}

/** Where a provider's credential rests that is not in use: an entry of OpenCode's own store, under a name that no provider has. */
function restingId(providerId: string, type: CredentialType): string {
  return `${providerId}+${type}`;
}

/**
 * OpenCode's credentials. OpenCode writes them; it has no call that reads them, so its file is read, where it can be.
 *
 * OpenCode keeps one credential a provider. A second one rests beside it in the same file, so that a switch needs no store
 * of ours and survives restarts. (Measured: entries without a provider do no harm.)
 */
@Injectable()
export class CredentialStore {
  private readonly file: string | undefined;
  private readonly content: string | undefined;

  constructor(
    private readonly pool: OpencodePool,
    @Inject(CONFIG) config: Config,
    @Inject(ENVIRONMENT) environment: NodeJS.ProcessEnv,
  ) {
    const isEmbedded = config.OPENCODE_BASE_URL === undefined;
    this.file = config.OPENCODE_AUTH_FILE ?? (isEmbedded ? defaultFile(environment) : undefined);
    this.content = isEmbedded ? environment[AUTH_CONTENT] : undefined;
  }

  /** Every provider with a stored credential; undefined where the store cannot be read. */
  async read(): Promise<ReadonlyMap<string, StoredCredentials> | undefined> {
    const entries = await this.readEntries();
    if (entries === undefined) return undefined;
    const providerIds = Object.keys(entries).filter((id) => !id.includes('+'));
    return new Map(providerIds.map((id) => [id, toStored(entries, id)]));
  }

  /** Makes a credential the one in use; one of the other type is kept. Takes effect when OpenCode reads its store anew. */
  async activate(providerId: string, credential: Credential): Promise<void> {
    if (this.content !== undefined) {
      throw new GatewayError('FAILED_PRECONDITION', `Credentials come from ${AUTH_CONTENT} and cannot be changed`, {
        reason: 'CREDENTIALS_FROM_ENVIRONMENT',
      });
    }
    const { client } = this.pool.forDirectory(undefined);
    const active = (await this.read())?.get(providerId)?.active;
    if (active !== undefined && active.type !== credential.type) {
      await client.setCredential(restingId(providerId, active.type), toUpstreamCredential(active));
    }
    await client.setCredential(providerId, toUpstreamCredential(credential));
    await client.removeCredential(restingId(providerId, credential.type));
  }

  async remove(providerId: string): Promise<void> {
    const { client } = this.pool.forDirectory(undefined);
    for (const id of [providerId, restingId(providerId, 'api_key'), restingId(providerId, 'oauth')]) await client.removeCredential(id);
  }

  private async readEntries(): Promise<Record<string, unknown> | undefined> {
    if (this.content === undefined && this.file === undefined) return undefined;
    try {
      const text = this.content ?? (await readFile(this.file ?? '', 'utf8'));
      return JSON.parse(text) as Record<string, unknown>;
    } catch (error) {
      // OpenCode makes the file when it first has something to keep.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? {} : undefined;
    }
  }
}

function toStored(entries: Record<string, unknown>, providerId: string): StoredCredentials {
  const active = fromStoredCredential(entries[providerId]);
  const other = active?.type === 'oauth' ? 'api_key' : 'oauth';
  return { active, resting: fromStoredCredential(entries[restingId(providerId, other)]) };
}

/** Where OpenCode keeps its data, as the XDG directories say. */
function defaultFile(environment: NodeJS.ProcessEnv): string {
  const dataHome = environment['XDG_DATA_HOME'] ?? join(environment['HOME'] ?? homedir(), '.local', 'share');
  return join(dataHome, 'opencode', 'auth.json');
}
