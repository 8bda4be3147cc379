import { SCOPES, type Scope } from './scopes.js';

/** Who calls. */
export interface Principal {
  /** The same at every replica and after every restart. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Unix ms; undefined: does not expire. */
  readonly expiresAtMs: number | undefined;
}

const PRINCIPAL = Symbol('principal');

/** Where callers may do as they like and nobody asks who they are. */
export const ANONYMOUS: Principal = { id: 'anonymous', scopes: new Set(SCOPES), expiresAtMs: undefined };

export function may(principal: Principal, scope: Scope): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}

/** Notes on a call, or what comes with it, who makes it. */
export function setPrincipal(call: object, principal: Principal): void {
  (call as { [PRINCIPAL]?: Principal })[PRINCIPAL] = principal;
}

/** Undefined before the caller was let in. */
export function principalOf(call: object): Principal | undefined {
  return (call as { [PRINCIPAL]?: Principal })[PRINCIPAL];
}
