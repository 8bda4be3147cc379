import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { StartError } from '../config/config.js';
import type { Principal } from './principal.js';
import { SCOPES } from './scopes.js';

/** Who has a token, which is kept as its hash. */
export interface TokenHolder extends Principal {
  /** SHA-256 of the token. */
  readonly digest: Buffer;
}

const entry = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.@-]{1,64}$/, 'must have 1 to 64 letters, digits or . _ @ -')
    .describe("the principal's id"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits'),
  scopes: z.array(z.enum(SCOPES)).min(1),
  expires: z.iso.datetime({ offset: true }).optional(),
});

const file = z.strictObject({ tokens: z.array(entry) });

/**
 * The tokens of ACCESS_TOKENS_FILE: `{"tokens": [{"name", "sha256", "scopes", "expires"?}]}`.
 *
 * @throws StartError that names the entry and never shows what is in it
 */
export function parseTokensFile(path: string, text: string): TokenHolder[] {
  const { tokens } = parse(path, text);
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

/** @throws StartError */
export function readTokensFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`ACCESS_TOKENS_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}

function parse(path: string, text: string): z.infer<typeof file> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new StartError(`ACCESS_TOKENS_FILE: ${path} is not JSON`);
  }
  const parsed = file.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartError(`ACCESS_TOKENS_FILE: ${issue?.path.join('.') || path}: ${issue?.message ?? 'is not valid'}`);
}
