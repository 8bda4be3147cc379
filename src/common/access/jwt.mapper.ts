import type { JWTPayload } from 'jose';
import { StartError } from '../config/config.js';
import type { Principal } from './principal.js';
import { SCOPES, type Scope } from './scopes.js';

/** Where in a token it says what its bearer may do, and in whose words. */
export interface ScopeMapping {
  /** A claim's name, or a path to it: `realm_access.roles`. */
  readonly claim: string;
  /** What each value is worth. */
  readonly scopesByValue: ReadonlyMap<string, readonly Scope[]>;
}

const OWN_WORDS: ScopeMapping['scopesByValue'] = new Map(SCOPES.map((scope) => [scope, [scope]]));

/** A subject is told in logs and kept with sessions. */
const SUBJECT = /^[^\p{Cc}]{1,255}$/u;

/**
 * ACCESS_JWT_SCOPES_MAP: `value=scope,scope;value=scope`. Without one, values that are scopes count.
 *
 * @throws StartError
 */
export function parseScopesMap(text: string | undefined): ScopeMapping['scopesByValue'] {
  if (text === undefined) return OWN_WORDS;
  return new Map(text.split(';').map((entry) => parseScopesMapEntry(entry)));
}

function parseScopesMapEntry(entry: string): [string, Scope[]] {
  const [, value = '', scopes = ''] = /^\s*(.+?)\s*=([^=]+)$/.exec(entry) ?? [];
  const names = scopes.split(',').map((name) => name.trim());
  if (value !== '' && names.every(isScope)) return [value, names];
  throw new StartError(`ACCESS_JWT_SCOPES_MAP: ${JSON.stringify(entry)} is not value=scope,scope with scopes of ${SCOPES.join(', ')}`);
}

function isScope(name: string): name is Scope {
  return (SCOPES as readonly string[]).includes(name);
}

/** Whom a verified token names; undefined without a subject that can be told, or without an end. */
export function toJwtPrincipal(payload: JWTPayload, { claim, scopesByValue }: ScopeMapping): Principal | undefined {
  const { sub, exp } = payload;
  if (typeof sub !== 'string' || !SUBJECT.test(sub) || exp === undefined) return undefined;
  const scopes = valuesOf(claimOf(payload, claim)).flatMap((value) => scopesByValue.get(value) ?? []);
  return { id: `jwt:${sub}`, scopes: new Set(scopes), expiresAtMs: exp * 1_000 };
}

/** Claims may have dots in their own names, as URLs do. */
function claimOf(holder: object, path: string): unknown {
  if (Object.hasOwn(holder, path)) return (holder as Record<string, unknown>)[path];
  const [first = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(holder, first) ? (holder as Record<string, unknown>)[first] : undefined;
  return rest.length > 0 && typeof inner === 'object' && inner !== null ? claimOf(inner, rest.join('.')) : undefined;
}

/** `scope` of OAuth has them in one string, roles come in arrays. */
function valuesOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ');
  return Array.isArray(claim) ? claim.filter((value) => typeof value === 'string') : [];
}
