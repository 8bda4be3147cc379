import { z } from 'zod';
import { StartError } from '../config/config.js';
import { SCOPES } from './scopes.js';

/** Ids of those whom the settings know without a list: what they own must not be another's. */
const TAKEN: ReadonlySet<string> = new Set(['access-token', 'a2a', 'anonymous']);

/** What every list of principals says of each. A name has no colon: what others name has a prefix with one. */
export const principalName = z
  .string()
  .regex(/^[\w.@-]{1,64}$/, 'must have 1 to 64 letters, digits or . _ @ -')
  .refine((name) => !TAKEN.has(name), 'is the name of a caller of the settings')
  .describe("the principal's id");
export const principalScopes = z.array(z.enum(SCOPES)).min(1);

/** Which file, for those who must mend it. */
export interface FileOfSetting {
  readonly setting: string;
  readonly path: string;
}

/**
 * The text of a file as what it should be.
 *
 * @throws StartError that names the entry and never shows what is in it
 */
export function parsePrincipalsFile<T>({ setting, path }: FileOfSetting, schema: z.ZodType<T>, text: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new StartError(`${setting}: ${path} is not JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartError(`${setting}: ${issue?.path.join('.') || path}: ${issue?.message ?? 'is not valid'}`);
}
