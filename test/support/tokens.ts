import { createHash } from 'node:crypto';

/** A bearer token for a principal of a test. */
export function tokenOf(name: string): string {
  return `token-of-${name}-long-enough`;
}

/** Its entry in ACCESS_TOKENS_FILE. */
export function tokenEntry(name: string, scopes: readonly string[], expires?: string): object {
  return { name, sha256: createHash('sha256').update(tokenOf(name)).digest('hex'), scopes, ...(expires !== undefined && { expires }) };
}
