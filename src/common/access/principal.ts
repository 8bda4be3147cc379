import { SCOPES, type Scope } from './scopes.js';

/** Who calls. */
export interface Principal {
  /** The same at every replica and after every restart. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Unix ms; undefined: does not expire. */
  readonly expiresAtMs: number | undefined;
}

/** By what callers are known. */
export interface Proof {
  /** A bearer token. */
  readonly token?: string | undefined;
  readonly certificate?: ClientCertificate | undefined;
}

/** A certificate that a client has shown to be its own, and that an authority of ours signed. */
export interface ClientCertificate {
  /** Every name it is for: `URI:…`, `DNS:…`, `CN:…`. */
  readonly subjects: readonly string[];
  readonly expiresAtMs: number;
}

/** Something that knows principals. */
export interface PrincipalSource {
  /**
   * Whose proof this is; undefined when that is nobody it knows.
   *
   * @throws GatewayError UNAVAILABLE when it cannot tell now
   */
  find(proof: Proof): Principal | undefined | Promise<Principal | undefined>;
  /** Whether it is a principal of its own that it would find again. */
  isValid(principal: Principal): boolean;
  close(): void;
}

/** Where callers may do as they like and nobody asks who they are. */
export const ANONYMOUS: Principal = { id: 'anonymous', scopes: new Set(SCOPES), expiresAtMs: undefined };

export function may(principal: Principal, scope: Scope): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}

export function isExpired({ expiresAtMs }: Principal): boolean {
  // So that an end that is no number is in the past.
  return expiresAtMs !== undefined && !(Date.now() < expiresAtMs);
}

export function haveSameScopes(left: Pick<Principal, 'scopes'>, right: Pick<Principal, 'scopes'>): boolean {
  return left.scopes.size === right.scopes.size && [...left.scopes].every((scope) => right.scopes.has(scope));
}
