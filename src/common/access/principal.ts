import { SCOPES, type Scope } from './scopes.js';

/** Who calls. */
export interface Principal {
  /** The same at every replica and after every restart. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Unix ms; undefined: does not expire. */
  readonly expiresAtMs: number | undefined;
}

/** Where callers may do as they like and nobody asks who they are. */
export const ANONYMOUS: Principal = { id: 'anonymous', scopes: new Set(SCOPES), expiresAtMs: undefined };

export function may(principal: Principal, scope: Scope): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}
