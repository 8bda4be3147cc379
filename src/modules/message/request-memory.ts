import { createHash } from 'node:crypto';
import { GatewayError } from '../../common/errors/gateway-error.js';

const MAX_ENTRIES = 1_000;
const MAX_AGE_MS = 10 * 60_000;

interface Entry<T> {
  readonly fingerprint: string;
  readonly value: T;
  readonly atMs: number;
}

/** What was begun under a request id, for a while, so that a repeated request joins it instead of doing it again. */
export class RequestMemory<T> {
  private readonly entries = new Map<string, Entry<T>>();

  /**
   * The value begun earlier under this id, or the one `begin` makes. An empty id is never remembered.
   *
   * @throws GatewayError INVALID_ARGUMENT when the id was used with another body.
   */
  getOrBegin(scope: string, requestId: string, body: unknown, begin: () => T): T {
    if (requestId === '') return begin();
    this.forgetOld(Date.now());
    const key = `${scope}\n${requestId}`;
    const fingerprint = createHash('sha256').update(JSON.stringify(body)).digest('base64');
    const known = this.entries.get(key);
    if (known === undefined) {
      const value = begin();
      this.entries.set(key, { fingerprint, value, atMs: Date.now() });
      return value;
    }
    if (known.fingerprint !== fingerprint) throw GatewayError.invalid('request_id', 'was used before with another request');
    return known.value;
  }

  /** What failed to begin is tried again by the next request. */
  forget(scope: string, requestId: string): void {
    this.entries.delete(`${scope}\n${requestId}`);
  }

  private forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.entries) {
      if (this.entries.size < MAX_ENTRIES && nowMs - atMs < MAX_AGE_MS) return;
      this.entries.delete(key);
    }
  }
}
