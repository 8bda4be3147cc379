import type { JsonObject } from '@bufbuild/protobuf';

/** JSON Schema in few words. */

export const TEXT: JsonObject = { type: 'string' };
export const NUMBER: JsonObject = { type: 'integer', format: 'int32' };
export const FLAG: JsonObject = { type: 'boolean' };
export const TIME: JsonObject = { type: 'string', format: 'date-time' };
export const BYTES: JsonObject = { type: 'string', contentEncoding: 'base64' };
/** A JSON object of whatever. */
export const ANY_OBJECT: JsonObject = { type: 'object' };

export const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items });
export const oneWord = (...words: string[]): JsonObject => ({ type: 'string', enum: words });
export const ref = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** An object with these fields; those whose names end in `!` are always there. */
export function object(fields: Readonly<Record<string, JsonObject>>, description?: string): JsonObject {
  const names = Object.keys(fields);
  const required = names.filter((name) => name.endsWith('!')).map(bare);
  return {
    type: 'object',
    ...(description !== undefined && { description }),
    properties: Object.fromEntries(Object.entries(fields).map(([name, schema]) => [bare(name), schema])),
    ...(required.length > 0 && { required }),
  };
}

/** An object that has one of these fields, and others. */
export function oneFieldOf(choices: Readonly<Record<string, JsonObject>>, others: Readonly<Record<string, JsonObject>> = {}): JsonObject {
  const oneOf = Object.keys(choices).map((name) => ({ title: name, required: [name] }));
  return { ...object({ ...choices, ...others }), oneOf };
}

const bare = (name: string): string => name.replace(/!$/, '');
