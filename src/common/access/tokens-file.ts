import { z } from 'zod';
import { StartError } from '../config/config.js';
import type { Principal } from './principal.js';
import { parsePrincipalsFile, principalName, principalScopes } from './principals-file.js';

/** Who has a token, which is kept as its hash. */
export interface TokenHolder extends Principal {
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

const file = z.strictObject({
  tokens: z.array(
    z.strictObject({
      name: principalName,
      sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits'),
      scopes: principalScopes,
      expires: z.iso.datetime({ offset: true }).optional(),
    }),
  ),
});

/**
 * The tokens of ACCESS_TOKENS_FILE: `{"tokens": [{"name", "sha256", "scopes", "expires"?}]}`.
 *
 * @throws StartError that names the entry and never shows what is in it
 */
export function parseTokensFile(path: string, text: string): TokenHolder[] {
  const { tokens } = parsePrincipalsFile({ setting: 'ACCESS_TOKENS_FILE', path }, file, text);
  const names = new Set<string>();
  const hashes = new Set<string>();
  return tokens.map(({ name, sha256, scopes, expires }) => {
    if (names.has(name)) throw new StartError(`ACCESS_TOKENS_FILE: ${name} is there twice in ${path}`);
    names.add(name);
    if (hashes.has(sha256.toLowerCase())) throw new StartError(`ACCESS_TOKENS_FILE: the token of ${name} has another name too in ${path}`);
    hashes.add(sha256.toLowerCase());
    const expiresAtMs = expires === undefined ? undefined : Date.parse(expires);
    return { id: name, scopes: new Set(scopes), expiresAtMs, digest: Buffer.from(sha256, 'hex') };
  });
}
