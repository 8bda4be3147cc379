import { z } from 'zod';
import { ExtensionError } from '../extension-method.js';

/** As sent: a JSON object. */
export type Params = Readonly<Record<string, unknown>>;

/** JSON's null counts as absent, as it did for opencode-a2a-server. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

export const nonEmpty = z.string({ error: 'must be a non-empty string' }).regex(/\S/, { error: 'must be a non-empty string' });

/** An id that must be there; surrounding blanks are not part of it. */
export const id = nonEmpty.trim();

export const modelRef = z
  .object({ providerID: nonEmpty, modelID: nonEmpty })
  .transform(({ providerID, modelID }) => ({ providerId: providerID.trim(), modelId: modelID.trim() }));

/** Of every method: only the gateway's own word and the one shared with other agents. */
export const metadata = optional(
  z.strictObject({
    opencode: optional(z.looseObject({ directory: optional(z.string()) })),
    shared: optional(z.looseObject({})),
  }),
);

/**
 * Parameters as their schema has them.
 *
 * @param root - what a field that nobody knows is said to be in
 * @throws ExtensionError MISSING_FIELD, INVALID_FIELD: the first thing that is wrong, in the words of opencode-a2a-server
 */
export function parseParams<T extends z.ZodType>(schema: T, params: Params, root = ''): z.output<T> {
  const { data, error } = schema.safeParse(params);
  if (error === undefined) return data;
  // A field that nobody knows says more of a caller's mistake than the one that is missing for it.
  const [first] = [...error.issues].sort((left, right) => rankOf(left) - rankOf(right));
  throw toError(first as z.core.$ZodIssue, params, root);
}

function rankOf({ code, path }: z.core.$ZodIssue): number {
  return code === 'unrecognized_keys' && path.length === 0 ? 0 : 1;
}

/** Ids without which a method has nothing to speak of: one that is blank or no text is none. */
const REQUIRED_IDS = ['session_id', 'request_id', 'message_id'];

function toError(issue: z.core.$ZodIssue, params: Params, root: string): ExtensionError {
  const field = toFieldName(issue.path);
  if (issue.code === 'unrecognized_keys') return toUnknownFields(issue.keys, field === '' ? root : field);
  if (REQUIRED_IDS.includes(field) || (field === 'request' && (params[field] ?? null) === null)) {
    return new ExtensionError('MISSING_FIELD', `Missing required params.${field}`, { field });
  }
  return new ExtensionError('INVALID_FIELD', `${field} ${describe(issue)}`, { field });
}

function toUnknownFields(keys: readonly string[], parent: string): ExtensionError {
  const fields = keys.map((key) => (parent === '' ? key : `${parent}.${key}`)).sort();
  const isPlace = parent === 'metadata' || parent === 'params';
  const place = isPlace ? `${parent} fields` : 'fields';
  const data = isPlace || parent === '' ? { fields } : { field: parent, fields };
  return new ExtensionError('INVALID_FIELD', `Unsupported ${place}: ${fields.join(', ')}`, data);
}

/** `request.parts[0].mime` */
function toFieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => (typeof key === 'number' ? `${name}[${key}]` : `${name}${name && '.'}${String(key)}`), '');
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'a boolean',
  array: 'an array',
  object: 'an object',
  record: 'an object',
};

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && !issue.message.startsWith('must')) return `must be ${KINDS[issue.expected] ?? issue.expected}`;
  return issue.message;
}
