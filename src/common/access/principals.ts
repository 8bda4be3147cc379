import type { OnModuleDestroy } from '@nestjs/common';
import { allowsAnonymous, type Config } from '../config/config.js';
import { AccessCertificates } from './access-certificates.js';
import { AccessJwts } from './access-jwts.js';
import { AccessTokens } from './access-tokens.js';
import { parseScopesMap } from './jwt.mapper.js';
import { ANONYMOUS, type Principal, type PrincipalSource, type Proof } from './principal.js';

const anybody: PrincipalSource = {
  find: () => ANONYMOUS,
  isValid: (principal) => principal === ANONYMOUS,
  close: () => undefined,
};

/** Everybody who is known, by whatever they show. */
export class Principals implements OnModuleDestroy {
  private readonly sources: readonly PrincipalSource[];

  /** @throws StartError when a setting cannot be used, or when everybody would be let in by accident */
  constructor(config: Config) {
    this.sources = allowsAnonymous(config) ? [anybody] : [new AccessTokens(config), ...jwtsOf(config), ...certificatesOf(config)];
  }

  onModuleDestroy(): void {
    for (const source of this.sources) source.close();
  }

  /** @throws GatewayError UNAVAILABLE when it cannot be told now */
  async find(proof: Proof): Promise<Principal | undefined> {
    for (const source of this.sources) {
      const principal = await source.find(proof);
      if (principal !== undefined) return principal;
    }
    return undefined;
  }

  /** Whether a principal that was let in still would be. */
  isValid(principal: Principal): boolean {
    return this.sources.some((source) => source.isValid(principal));
  }
}

function certificatesOf({ ACCESS_CERTIFICATES_FILE: path }: Config): AccessCertificates[] {
  return path === undefined ? [] : [new AccessCertificates(path)];
}

function jwtsOf(config: Config): AccessJwts[] {
  const { ACCESS_JWT_ISSUER: issuer, ACCESS_JWT_AUDIENCE: audience, ACCESS_JWT_JWKS_URL: jwksUrl } = config;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return [];
  const mapping = { claim: config.ACCESS_JWT_SCOPES_CLAIM, scopesByValue: parseScopesMap(config.ACCESS_JWT_SCOPES_MAP) };
  return [new AccessJwts({ issuer, audience, jwksUrl, mapping })];
}
