import { createHash, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config/config.js';
import { WatchedFiles } from '../config/watched-files.js';
import { haveSameScopes, isExpired, type Principal, type PrincipalSource, type Proof } from './principal.js';
import { SCOPES } from './scopes.js';
import { parseTokensFile, type TokenHolder } from './tokens-file.js';

/** The bearer tokens that are known, of the settings and of a file that may change. */
export class AccessTokens implements PrincipalSource {
  private readonly fixed: readonly TokenHolder[];
  private readonly file: WatchedFiles | undefined;
  private listed: readonly TokenHolder[] = [];
  private holders: ReadonlySet<Principal>;

  /** @throws StartError when the file cannot be used */
  constructor({ ACCESS_TOKEN, A2A_BEARER_TOKEN, ACCESS_TOKENS_FILE }: Config) {
    this.fixed = [...fixedToken('access-token', ACCESS_TOKEN), ...fixedToken('a2a', A2A_BEARER_TOKEN)];
    this.holders = new Set(this.fixed);
    if (ACCESS_TOKENS_FILE === undefined) return;
    this.file = new WatchedFiles({ ACCESS_TOKENS_FILE }, (text = '') => this.list(parseTokensFile(ACCESS_TOKENS_FILE, text)));
  }

  close(): void {
    this.file?.close();
  }

  /** Compares digests in constant time, and with every token, so that timing tells nothing. */
  find({ token }: Proof): Principal | undefined {
    if (token === undefined) return undefined;
    const shown = digestOf(token);
    let found: Principal | undefined;
    for (const holder of [...this.fixed, ...this.listed]) if (timingSafeEqual(holder.digest, shown)) found = holder;
    return found === undefined || isExpired(found) ? undefined : found;
  }

  isValid(principal: Principal): boolean {
    return this.holders.has(principal) && !isExpired(principal);
  }

  /** Whose token and scopes are as they were stays the same object. */
  private list(holders: readonly TokenHolder[]): void {
    this.listed = holders.map((holder) => this.listed.find((known) => isSame(known, holder)) ?? holder);
    this.holders = new Set([...this.fixed, ...this.listed]);
  }
}

function fixedToken(id: string, token: string | undefined): TokenHolder[] {
  if (token === undefined) return [];
  return [{ id, scopes: new Set(SCOPES), expiresAtMs: undefined, digest: digestOf(token) }];
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function isSame(left: TokenHolder, right: TokenHolder): boolean {
  const isSameToken = left.id === right.id && left.expiresAtMs === right.expiresAtMs && left.digest.equals(right.digest);
  return isSameToken && haveSameScopes(left, right);
}
