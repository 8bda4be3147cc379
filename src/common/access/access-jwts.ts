import { Logger } from '@nestjs/common';
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import { GatewayError } from '../errors/gateway-error.js';
import { JwtKeys } from './jwt-keys.js';
import { toJwtPrincipal, type ScopeMapping } from './jwt.mapper.js';
import { isExpired, type Principal, type PrincipalSource, type Proof } from './principal.js';

/** Public keys only: with a shared secret, or with none, who reads the issuer's public key could sign for it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** For tokens of an issuer whose clock is ahead of ours. */
const CLOCK_TOLERANCE_S = 5;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export interface JwtTerms {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  readonly mapping: ScopeMapping;
}

/** Those whom an issuer of JSON Web Tokens vouches for. */
export class AccessJwts implements PrincipalSource {
  private readonly logger = new Logger(AccessJwts.name);
  private readonly keys: JwtKeys;
  private readonly options: JWTVerifyOptions;
  private readonly mapping: ScopeMapping;
  private readonly own = new WeakSet<Principal>();

  constructor({ issuer, audience, jwksUrl, mapping }: JwtTerms) {
    this.keys = new JwtKeys(jwksUrl);
    this.mapping = mapping;
    this.options = { issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_TOLERANCE_S, requiredClaims: ['exp', 'sub'] };
  }

  close(): void {
    this.keys.close();
  }

  async find({ token }: Proof): Promise<Principal | undefined> {
    if (token === undefined || !JWT.test(token)) return undefined;
    const principal = await this.verify(token);
    // The tolerance is for the beginning; the end is kept to the second, by calls as by streams.
    if (principal === undefined || isExpired(principal)) return undefined;
    this.own.add(principal);
    return principal;
  }

  isValid(principal: Principal): boolean {
    return this.own.has(principal) && !isExpired(principal);
  }

  private async verify(token: string): Promise<Principal | undefined> {
    try {
      const { payload } = await jwtVerify(token, (header, jws) => this.keys.find(header, jws), this.options);
      return toJwtPrincipal(payload, this.mapping);
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      this.logger.debug(`A JSON Web Token is refused: ${reasonOf(error)}`);
      return undefined;
    }
  }
}

/** Never a message, which might repeat what is in the token. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) return `${error.code} ${error.claim}`;
  return error instanceof errors.JOSEError ? error.code : 'it is malformed';
}
