import { createHash, timingSafeEqual } from 'node:crypto';
import { Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { SCOPES } from './scopes.js';
import type { Principal } from './principal.js';
import { parseTokensFile, readTokensFile, type TokenHolder } from './tokens-file.js';

/** How often the file is looked at: secrets in Kubernetes change by a link to another folder, which no watcher sees. */
const CHECK_MS = 1_000;

/** The bearer tokens that are known, of the settings and of a file that may change. */
export class AccessTokens implements OnModuleDestroy {
  private readonly logger = new Logger(AccessTokens.name);
  private readonly fixed: readonly TokenHolder[];
  private readonly looking: NodeJS.Timeout | undefined;
  private text = '';
  /** Said once, not every second. */
  private problem = '';
  private listed: readonly TokenHolder[] = [];
  private holders: ReadonlySet<Principal> = new Set();

  /** @throws StartError when the file cannot be used */
  constructor(config: Config) {
    this.fixed = [...fixedToken('access-token', config.ACCESS_TOKEN), ...fixedToken('a2a', config.A2A_BEARER_TOKEN)];
    const path = config.ACCESS_TOKENS_FILE;
    this.text = path === undefined ? '' : readTokensFile(path);
    this.list(path === undefined ? [] : parseTokensFile(path, this.text));
    if (path !== undefined) this.looking = setInterval(() => this.lookAgain(path), CHECK_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.looking);
  }

  /** Whose a token is. Compares digests in constant time, and with every token, so that timing tells nothing. */
  find(token: string): Principal | undefined {
    const shown = digestOf(token);
    let found: Principal | undefined;
    for (const holder of [...this.fixed, ...this.listed]) if (timingSafeEqual(holder.digest, shown)) found = holder;
    return found === undefined || isExpired(found) ? undefined : found;
  }

  /** Whether a principal that was let in still would be. */
  isValid(principal: Principal): boolean {
    return this.holders.has(principal) && !isExpired(principal);
  }

  /** Whose token and scopes are as they were stays the same object. */
  private list(holders: readonly TokenHolder[]): void {
    this.listed = holders.map((holder) => this.listed.find((known) => isSame(known, holder)) ?? holder);
    this.holders = new Set([...this.fixed, ...this.listed]);
  }

  private lookAgain(path: string): void {
    try {
      const text = readTokensFile(path);
      this.problem = '';
      if (text === this.text) return;
      this.text = text;
      this.list(parseTokensFile(path, text));
      this.logger.log(`ACCESS_TOKENS_FILE has ${this.listed.length} tokens`);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== this.problem) this.logger.error(`${problem}; the tokens before it stay`);
      this.problem = problem;
    }
  }
}

function fixedToken(id: string, token: string | undefined): TokenHolder[] {
  if (token === undefined) return [];
  return [{ id, scopes: new Set(SCOPES), expiresAtMs: undefined, digest: digestOf(token) }];
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function isExpired({ expiresAtMs }: Principal): boolean {
  return expiresAtMs !== undefined && Date.now() >= expiresAtMs;
}

function isSame(left: TokenHolder, right: TokenHolder): boolean {
  const hasSameScopes = left.scopes.size === right.scopes.size && [...left.scopes].every((scope) => right.scopes.has(scope));
  return left.id === right.id && left.expiresAtMs === right.expiresAtMs && left.digest.equals(right.digest) && hasSameScopes;
}
