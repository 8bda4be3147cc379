import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { TurnLine } from '../message/turn.line.js';
import { ProviderService } from '../provider/provider.service.js';
import type { Credential, CredentialType, ProviderAuth } from './auth.model.js';
import { CredentialStore, type StoredCredentials } from './credential.store.js';

/**
 * What OpenCode shows its providers. Knows no transport.
 *
 * OpenCode goes on with the old credential until its directories are disposed, which aborts their turns: so nothing is changed
 * while a turn runs, and what is sent during a change waits.
 */
@Injectable()
export class AuthService {
  private readonly audit = new Audit();
  private readonly lock = new KeyedLock();

  constructor(
    private readonly pool: OpencodePool,
    private readonly providers: ProviderService,
    private readonly line: TurnLine,
    private readonly store: CredentialStore,
  ) {}

  /** Every provider with a credential, from OpenCode's store, its configuration or its environment. */
  async list(): Promise<ProviderAuth[]> {
    const [stored, { providers }] = await Promise.all([this.store.read(), this.providers.list()]);
    const known = [...(stored ?? [])].flatMap(([id, credentials]) => toProviderAuth(id, credentials) ?? []);
    const others = providers.filter(({ id, hasKey }) => hasKey && !known.some(({ providerId }) => providerId === id));
    return [...known, ...others.map(({ id }) => ({ providerId: id, type: 'api_key' as const, expiresAtMs: undefined, stored: [] }))];
  }

  /** @throws GatewayError NOT_FOUND when no credential of the provider is known */
  async get(providerId: string): Promise<ProviderAuth> {
    const found = (await this.list()).find((auth) => auth.providerId === providerId);
    if (found === undefined) throw GatewayError.notFound('credential', providerId);
    return found;
  }

  /** The providers that can be used. */
  async connected(): Promise<string[]> {
    return (await this.providers.list()).providers.map(({ id }) => id);
  }

  /** Stores a credential and uses it. One of the other type stays for a switch. @throws GatewayError FAILED_PRECONDITION while turns run */
  async set(providerId: string, credential: Credential, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'credential.set', target: providerId, by }, 'done', () =>
      this.change(() => this.store.activate(providerId, credential)),
    );
  }

  /** @throws GatewayError NOT_FOUND when nothing is stored; FAILED_PRECONDITION while turns run */
  async remove(providerId: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'credential.remove', target: providerId, by }, 'done', async () => {
      const stored = await this.store.read();
      if (stored !== undefined && !stored.has(providerId)) throw GatewayError.notFound('credential', providerId);
      await this.change(() => this.store.remove(providerId));
    });
  }

  /** Uses the stored credential of a type. @throws GatewayError FAILED_PRECONDITION when there is none, or while turns run */
  async switchTo(providerId: string, type: CredentialType, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'credential.switch', target: providerId, by }, 'done', () => this.activate(providerId, type));
  }

  private async activate(providerId: string, type: CredentialType): Promise<void> {
    const stored = await this.store.read();
    if (stored === undefined)
      throw new GatewayError('FAILED_PRECONDITION', "OpenCode's credentials cannot be read here (OPENCODE_AUTH_FILE)", {
        reason: 'CREDENTIALS_UNREADABLE',
      });
    const { active, resting } = stored.get(providerId) ?? {};
    if (active?.type === type) return;
    if (resting?.type !== type)
      throw new GatewayError('FAILED_PRECONDITION', `No credential of this type is stored for ${providerId}`, { reason: 'NOT_STORED' });
    await this.change(() => this.store.activate(providerId, resting));
  }

  private async change(change: () => Promise<void>): Promise<void> {
    await this.lock.run('credentials', () =>
      this.line.runWhenAllIdle(async () => {
        await change();
        await this.pool.forDirectory(undefined).client.dispose();
        this.providers.forget();
      }),
    );
  }
}

function toProviderAuth(providerId: string, { active, resting }: StoredCredentials): ProviderAuth | undefined {
  if (active === undefined) return undefined;
  return {
    providerId,
    type: active.type,
    expiresAtMs: active.type === 'oauth' && active.expiresAtMs > 0 ? active.expiresAtMs : undefined,
    stored: [active, resting].flatMap((credential) => credential?.type ?? []),
  };
}
