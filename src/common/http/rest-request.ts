import { Readable } from 'node:stream';
import {
  fromJson,
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.js';
import { protoTypes } from '../grpc/proto-types.js';
import type { RestRouteRule } from './rest-rule.js';

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

function fieldNamed(schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find((field) => field.name === name || field.jsonName === name);
}

function enumOf(field: DescField): DescEnum | undefined {
  return field.fieldKind === 'enum' || (field.fieldKind === 'list' && field.listKind === 'enum') ? field.enum : undefined;
}

/** Text of a URL as the JSON value of a field; the codec does the rest (numbers and 64-bit integers may be strings). */
function toJsonScalar(field: DescField, text: string): JsonValue {
  const isBool =
    (field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL) || (field.fieldKind === 'list' && field.scalar === ScalarType.BOOL);
  if (isBool && (text === 'true' || text === '1')) return true;
  if (isBool && (text === 'false' || text === '0')) return false;
  const enumeration = enumOf(field);
  if (enumeration === undefined) return text;
  if (/^\d+$/.test(text)) return Number(text);
  // The codec takes an unknown name for a field of tomorrow; in a URL it is a spelling mistake.
  if (enumeration.values.some(({ name }) => name === text)) return text;
  throw GatewayError.invalid(field.name, `must be one of ${enumeration.values.map(({ name }) => name).join(', ')}`);
}

function objectIn(target: JsonObject, key: string): JsonObject {
  const present = target[key];
  if (typeof present === 'object' && present !== null && !Array.isArray(present)) return present;
  const made: JsonObject = Object.create(null) as JsonObject;
  target[key] = made;
  return made;
}

/** Sets `a.b.c=value` or `map[key]=value`. A parameter the message does not have is ignored, as unknown JSON fields are. */
function setParameter(schema: DescMessage, target: JsonObject, name: string, value: string | string[]): void {
  const [head = '', ...rest] = name.split('.');
  const mapEntry = /^(\w+)\[(.*)\]$/.exec(name);
  const field = fieldNamed(schema, mapEntry?.[1] ?? head);
  const values = [value].flat();
  const last = values.at(-1) ?? '';
  if (field === undefined) return;
  if (field.fieldKind === 'map') {
    if (mapEntry?.[2] !== undefined) objectIn(target, field.jsonName)[mapEntry[2]] = last;
  } else if (field.fieldKind === 'message') {
    if (rest.length > 0) setParameter(field.message, objectIn(target, field.jsonName), rest.join('.'), value);
  } else if (field.fieldKind === 'list') {
    target[field.jsonName] = values.map((text) => toJsonScalar(field, text));
  } else {
    target[field.jsonName] = toJsonScalar(field, last);
  }
}

/** Removes what the path also names, under both spellings: the path wins. */
function withoutField(schema: DescMessage, body: JsonObject, name: string): void {
  const field = fieldNamed(schema, name);
  if (field === undefined) return;
  delete body[field.name];
  delete body[field.jsonName];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bodyAsJson(rule: RestRouteRule | undefined, body: unknown): JsonObject {
  if (rule === undefined || rule.body === '' || body === undefined || body === null) return {};
  if (rule.body !== '*') return { [rule.body]: body as JsonValue };
  if (!isObject(body)) throw GatewayError.invalid('body', 'must be a JSON object');
  return { ...body };
}

/** `cannot decode field opencode.x.Request.title from JSON: …` names the field; the rest says what is wrong with it. */
function toViolation(error: unknown): GatewayError {
  const text = error instanceof Error ? error.message : String(error);
  const match = /field ([\w.]+) from JSON: (.*)$/s.exec(text) ?? /field ([\w.]+):? (.*)$/s.exec(text);
  return GatewayError.invalid(match?.[1]?.split('.').at(-1) ?? 'body', match?.[2] ?? text);
}

/**
 * The request message of a REST call: body first, then query, then path, as google.api.http defines it.
 *
 * @throws GatewayError INVALID_ARGUMENT naming the field that does not decode.
 */
export function toRequestMessage(schema: DescMessage, rule: RestRouteRule | undefined, request: FastifyRequest): Message {
  // A raw body is one field's bytes; the others then come in the query.
  const isRaw = request.body instanceof Readable;
  const json = isRaw ? {} : bodyAsJson(rule, request.body);
  if (rule?.body !== '*' || isRaw) {
    for (const [name, value] of Object.entries(request.query as Parameters)) {
      if (value !== undefined) setParameter(schema, json, name, value);
    }
  }
  for (const [name, value] of Object.entries(request.params as Parameters)) {
    if (value === undefined) continue;
    const field = name === '*' ? (rule?.wildcard ?? name) : name;
    withoutField(schema, json, field);
    setParameter(schema, json, field, value);
  }
  try {
    return fromJson(schema, json, { ignoreUnknownFields: true, registry: protoTypes });
  } catch (error) {
    throw toViolation(error);
  }
}
