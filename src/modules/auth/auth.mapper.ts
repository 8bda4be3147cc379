import { create } from '@bufbuild/protobuf';
import { GatewayError } from '../../common/errors/gateway-error.js';
import {
  AuthStatusSchema,
  AuthType,
  ProviderAuthInfoSchema,
  ProviderStatusSchema,
  type AuthStatus,
  type ProviderAuthInfo,
  type ProviderStatus,
  type SetProviderCredentialRequest,
} from '../../common/grpc/generated/auth_pb.js';
import type { UpstreamCredential } from '../../common/opencode/opencode.catalogue.types.js';
import type { Credential, CredentialType, ProviderAuth } from './auth.model.js';

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** An entry of OpenCode's auth.json; undefined for what it cannot be. A wellknown token is used as a key is. */
export function fromStoredCredential(value: unknown): Credential | undefined {
  const entry = (value ?? {}) as Record<string, unknown>;
  const { key, refresh, access, expires, accountId, enterpriseUrl } = entry;
  if ((entry['type'] === 'api' || entry['type'] === 'wellknown') && isText(key)) return { type: 'api_key', key };
  if (entry['type'] !== 'oauth' || !isText(refresh) || !isText(access)) return undefined;
  return {
    type: 'oauth',
    refreshToken: refresh,
    accessToken: access,
    expiresAtMs: typeof expires === 'number' ? expires : 0,
    accountId: isText(accountId) ? accountId : undefined,
    enterpriseUrl: isText(enterpriseUrl) ? enterpriseUrl : undefined,
  };
}

export function toUpstreamCredential(credential: Credential): UpstreamCredential {
  if (credential.type === 'api_key') return { type: 'api', key: credential.key };
  const { refreshToken, accessToken, expiresAtMs, accountId, enterpriseUrl } = credential;
  return {
    type: 'oauth',
    refresh: refreshToken,
    access: accessToken,
    expires: expiresAtMs,
    ...(accountId !== undefined && { accountId }),
    ...(enterpriseUrl !== undefined && { enterpriseUrl }),
  };
}

/** @throws GatewayError INVALID_ARGUMENT naming the field */
export function fromSetProviderCredentialRequest({ credential }: Pick<SetProviderCredentialRequest, 'credential'>): Credential {
  switch (credential.case) {
    case 'apiKey':
      if (credential.value.trim() === '') throw GatewayError.invalid('api_key', 'must not be empty');
      return { type: 'api_key', key: credential.value };
    case 'oauth': {
      const { refreshToken, accessToken, expiresAt, accountId, enterpriseUrl } = credential.value;
      if (refreshToken === '') throw GatewayError.invalid('oauth.refresh_token', 'must not be empty');
      return { type: 'oauth', refreshToken, accessToken, expiresAtMs: Number(expiresAt), accountId, enterpriseUrl };
    }
    case undefined:
      throw GatewayError.invalid('credential', 'must be api_key or oauth');
  }
}

const TYPES: Readonly<Record<CredentialType, AuthType>> = { api_key: AuthType.API_KEY, oauth: AuthType.OAUTH };

/** @throws GatewayError INVALID_ARGUMENT naming `type` */
export function fromAuthType(type: AuthType): CredentialType {
  if (type === AuthType.API_KEY) return 'api_key';
  if (type === AuthType.OAUTH) return 'oauth';
  throw GatewayError.invalid('type', 'must be API_KEY or OAUTH');
}

export function toProviderAuthInfo({ providerId, type, expiresAtMs, stored }: ProviderAuth): ProviderAuthInfo {
  return create(ProviderAuthInfoSchema, {
    providerId,
    type: TYPES[type],
    stored: stored.map((name) => TYPES[name]),
    ...(expiresAtMs !== undefined && { expiresAt: BigInt(expiresAtMs) }),
  });
}

export function toAuthStatus(providers: readonly ProviderAuth[]): AuthStatus {
  return create(AuthStatusSchema, { providers: providers.map(toProviderAuthInfo) });
}

export function toProviderStatus(connected: readonly string[]): ProviderStatus {
  return create(ProviderStatusSchema, { connected: [...connected] });
}
