import type { DescField, DescMessage, DescMethod, JsonObject } from '@bufbuild/protobuf';
import type { RestRouteRule } from '../rest-rule.js';
import type { SchemaSet } from './json-schema.js';

/** The path as OpenAPI writes it: `/files/*` → `/files/{path}`. */
export function toTemplate({ path, wildcard = '' }: RestRouteRule): string {
  return path.replace('*', `{${wildcard}}`).replaceAll(/:(\w+)/g, '{$1}');
}

/** Names of the fields that the path gives. */
export function pathFieldsOf(route: RestRouteRule): Set<string> {
  return new Set([...toTemplate(route).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
}

/** The parameter's description moves beside its schema, where tools show it. */
function parameter(place: 'path' | 'query', name: string, schema: JsonObject, more: JsonObject = {}): JsonObject {
  const { description, ...bare } = schema;
  return { name, in: place, ...(description !== undefined && { description }), ...more, schema: bare };
}

function pathParameter(field: DescField, { wildcard }: RestRouteRule, schemas: SchemaSet): JsonObject {
  const many: JsonObject = field.name === wildcard ? { description: 'A path: slashes may stand in it.' } : {};
  return parameter('path', field.name, { ...schemas.field(field, 'input'), ...many }, { required: true });
}

/** `a`, `a.b` for a field of a message, `a[key]` for a map. */
function queryParameters(field: DescField, schemas: SchemaSet, prefix = ''): JsonObject[] {
  const name = `${prefix}${field.jsonName}`;
  if (field.fieldKind === 'message') return field.message.fields.flatMap((inner) => queryParameters(inner, schemas, `${name}.`));
  const style: JsonObject = field.fieldKind === 'map' ? { style: 'deepObject', explode: true } : {};
  return [parameter('query', name, schemas.field(field, 'input'), style)];
}

/** Conditions and ranges, as RFC 9110 has them. */
function fileHeaders(method: string): JsonObject[] {
  const ifMatch = header('If-Match', 'Etags of which the file must have one; `*` for any.');
  switch (method) {
    case 'ReadFile':
      return [
        header('Range', 'One range of bytes: `bytes=0-99`. Asks for raw bytes.'),
        header('If-None-Match', 'Etags; with one that the file has the answer is 304. For raw bytes.'),
        header('If-Range', 'The etag that the file must have for the range to count.'),
        ifMatch,
      ];
    case 'WriteFile':
      return [ifMatch, header('If-None-Match', '`*`: the file must not be there.')];
    case 'DeleteFile':
      return [ifMatch];
    default:
      return [];
  }
}

function headerParameters({ name, input, methodKind }: DescMethod): JsonObject[] {
  const fields = new Set(input.fields.map((field) => field.name));
  const headers: JsonObject[] = [];
  if (fields.has('request_id')) headers.push(header('Idempotency-Key', 'Stands for `requestId` when that is empty.'));
  if ((fields.has('after_sequence') || name === 'SubscribeGlobalEvents') && methodKind === 'server_streaming')
    headers.push(header('Last-Event-ID', 'The `id` of the last event the caller has: what came behind it is told first.'));
  return [...headers, ...fileHeaders(name)];
}

function header(name: string, description: string): JsonObject {
  return { name, in: 'header', description, schema: { type: 'string' } };
}

/** All that a route takes beside its body. A body of `*` holds every field that the path does not give. */
export function parametersOf(method: DescMethod, route: RestRouteRule, schemas: SchemaSet): JsonObject[] {
  const inPath = pathFieldsOf(route);
  const { fields }: DescMessage = method.input;
  const inQuery = route.body === '*' ? [] : fields.filter(({ name }) => !inPath.has(name) && name !== route.body);
  return [
    ...fields.filter(({ name }) => inPath.has(name)).map((field) => pathParameter(field, route, schemas)),
    ...inQuery.flatMap((field) => queryParameters(field, schemas)),
    ...headerParameters(method),
  ];
}
