import { GatewayError } from '../../../common/errors/gateway-error.js';

type Path = readonly string[];

/** Where requests name things, in both versions, and where parts hold texts. */
const IN_REQUEST: readonly Path[] = [['id'], ['taskId'], ['message', 'messageId'], ['message', 'taskId'], ['message', 'contextId']];
const IN_PART: readonly Path[] = [['text'], ['raw'], ['url'], ['file', 'bytes'], ['file', 'uri'], ['file', 'name'], ['file', 'mimeType']];

const OBJECTS: readonly Path[] = [['metadata'], ['message', 'metadata']];

/**
 * Checks the types of a request's fields: the library's converters make a text of anything, hand it on as it is, or leave it out.
 *
 * @throws GatewayError INVALID_ARGUMENT naming the field
 */
export function requireTypes(request: unknown): void {
  for (const path of IN_REQUEST) requireText(request, path, path.join('.'));
  for (const path of OBJECTS) requireObject(valueAt(request, path), path.join('.'));
  const parts = valueAt(request, ['message', 'parts']);
  if (!Array.isArray(parts)) return;
  parts.forEach((part, index) => {
    for (const path of IN_PART) requireText(part, path, `message.parts[${index}].${path.join('.')}`);
  });
}

function requireText(json: unknown, path: Path, field: string): void {
  const value = valueAt(json, path);
  if (value !== undefined && value !== null && typeof value !== 'string') throw GatewayError.invalid(field, 'must be a text');
}

function requireObject(value: unknown, field: string): void {
  if (value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value))) return;
  throw GatewayError.invalid(field, 'must be an object');
}

function valueAt(json: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined),
    json,
  );
}
