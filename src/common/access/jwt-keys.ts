import { readFile } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { createLocalJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import { GatewayError } from '../errors/gateway-error.js';

export interface KeyPace {
  /** How long a key that was taken away goes on to be good. */
  readonly readEveryMs: number;
  /** Tokens of unknown keys make the keys be read again, but no faster than so. */
  readonly cooldownMs: number;
  readonly timeLimitMs: number;
}

const PACE: KeyPace = { readEveryMs: 60_000, cooldownMs: 10_000, timeLimitMs: 5_000 };

/**
 * The public keys of who issues tokens, read again and again, whoever calls: no call waits for keys that are known, and when the issuer
 * cannot be reached, these stay.
 *
 * jose's own remote key set forgets them then, and has no cooldown after a failure: each call would be a request to an ailing issuer.
 */
export class JwtKeys {
  private readonly logger = new Logger(JwtKeys.name);
  private readonly reading: NodeJS.Timeout;
  private known: ReturnType<typeof createLocalJWKSet> | undefined;
  private pending: Promise<void> | undefined;
  private lastReadMs = 0;
  /** Why the last reading failed; said once. */
  private problem = '';

  /** @param url - http, https or file */
  constructor(
    private readonly url: string,
    private readonly pace = PACE,
  ) {
    void this.read();
    this.reading = setInterval(() => void this.read(), pace.readEveryMs).unref();
  }

  close(): void {
    clearInterval(this.reading);
  }

  /**
   * The key that a token says it is signed with.
   *
   * @throws GatewayError UNAVAILABLE when the issuer may know it but cannot be asked; JOSEError when there is no such key
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const key = (await this.findKnown(header, token)) ?? (await this.readAgain().then(() => this.findKnown(header, token)));
    if (key !== undefined) return key;
    if (this.problem === '') throw new errors.JWKSNoMatchingKey();
    throw new GatewayError('UNAVAILABLE', 'The keys of the issuer of tokens cannot be read now', {
      reason: 'KEYS_UNAVAILABLE',
      retryAfterMs: this.pace.cooldownMs,
    });
  }

  private async findKnown(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey | undefined> {
    try {
      return await this.known?.(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  private async readAgain(): Promise<void> {
    if (this.pending !== undefined || performance.now() - this.lastReadMs >= this.pace.cooldownMs) await this.read();
  }

  /** One reading at a time, for all who wait. Never fails. */
  private read(): Promise<void> {
    this.pending ??= this.readKeys().finally(() => (this.pending = undefined));
    return this.pending;
  }

  private async readKeys(): Promise<void> {
    this.lastReadMs = performance.now();
    try {
      this.known = createLocalJWKSet(await fetchKeys(new URL(this.url), this.pace.timeLimitMs));
      if (this.problem !== '') this.logger.log('ACCESS_JWT_JWKS_URL can be read again');
      this.problem = '';
    } catch (error) {
      const problem = problemOf(error);
      if (problem !== this.problem)
        this.logger.error(`ACCESS_JWT_JWKS_URL: ${this.url} cannot be read (${problem}); keys that are known stay`);
      this.problem = problem;
    }
  }
}

/** Follows no redirect: it might lead to where nobody vouches for the keys. */
async function fetchKeys(url: URL, timeLimitMs: number): Promise<JSONWebKeySet> {
  if (url.protocol === 'file:') return JSON.parse(await readFile(url, 'utf8')) as JSONWebKeySet;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeLimitMs), redirect: 'manual' });
  if (response.status === 200) return (await response.json()) as JSONWebKeySet;
  await response.body?.cancel();
  throw new Error(`status ${response.status}`);
}

/** What `fetch` says is in its cause. */
function problemOf(error: unknown): string {
  const { cause, message } = error as Error;
  const { code, message: detail = message } = (cause ?? error) as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : detail;
}
