import { ScalarType, type DescEnum, type DescField, type DescMessage, type JsonObject } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { TERSE_TYPES } from '../../grpc/encoding.js';
import { comments } from '../../grpc/generated/comments.js';

/** Whether a schema says what callers may send, or what the gateway answers. */
export type Direction = 'input' | 'output';

/** Messages that ProtoJSON writes in a way of their own. @see https://protobuf.dev/programming-guides/json/ */
const WELL_KNOWN: Readonly<Record<string, JsonObject>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Empty': { type: 'object' },
  'google.protobuf.Any': {
    type: 'object',
    description: 'A message of the type that `@type` names, with its fields beside it.',
    properties: { '@type': { type: 'string', examples: ['type.googleapis.com/google.rpc.ErrorInfo'] } },
    required: ['@type'],
  },
};

/** The comment of a message, field, enum, service or method in its proto file, as a description. */
export function describe(fullName: string): { readonly description?: string } {
  const description = comments[fullName];
  return description === undefined ? {} : { description };
}

/** 64-bit integers travel as text, for JSON readers keep 53 bits; a caller may write numbers. */
function longSchema(format: string, direction: Direction): JsonObject {
  return { type: direction === 'output' ? 'string' : ['string', 'integer'], format };
}

function scalarSchema(scalar: ScalarType, direction: Direction): JsonObject {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.FLOAT:
      return { type: 'number', format: 'float' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', format: 'uint32', minimum: 0 };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return longSchema('int64', direction);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return longSchema('uint64', direction);
  }
}

/** At most one of the members of each group, as JSON Schema says it: one of them, or none. */
function oneofRules({ oneofs }: DescMessage): JsonObject {
  const rules = oneofs.map(({ fields }) => {
    const members = fields.map(({ jsonName }) => ({ title: jsonName, required: [jsonName] }));
    return { oneOf: [...members, { title: 'none', not: { anyOf: members.map(({ required }) => ({ required })) } }] };
  });
  return rules.length === 1 ? { ...rules[0] } : rules.length > 1 ? { allOf: rules } : {};
}

/** Printed even when nobody set it. */
function isAlwaysThere(field: DescField): boolean {
  if (TERSE_TYPES.has(field.parent.typeName)) return false;
  return field.fieldKind === 'list' || field.fieldKind === 'map' || field.presence === FeatureSet_FieldPresence.IMPLICIT;
}

/**
 * ProtoJSON schemas of the contract's messages and enums, each made once and referred to by its full name.
 *
 * A message that is both sent and answered has two: what is answered always has its fields without presence, and its
 * 64-bit integers are text; the one for callers is called `<full name>.Input`.
 */
export class SchemaSet {
  readonly components: Record<string, JsonObject> = {};

  /** @param answered full names of the messages the gateway answers with */
  constructor(private readonly answered: ReadonlySet<string>) {}

  message(desc: DescMessage, direction: Direction): JsonObject {
    const wellKnown = WELL_KNOWN[desc.typeName];
    if (wellKnown !== undefined) return wellKnown;
    if (desc.file.proto.package === 'google.protobuf') throw new Error(`${desc.typeName} has no ProtoJSON schema here`);
    const name = direction === 'input' && this.answered.has(desc.typeName) ? `${desc.typeName}.Input` : desc.typeName;
    return this.named(name, () => this.object(desc, direction));
  }

  /** The message's own schema, not a reference to it; without the fields that are given elsewhere, as in a path. */
  object(desc: DescMessage, direction: Direction, without: ReadonlySet<string> = new Set()): JsonObject {
    const fields = desc.fields.filter(({ name }) => !without.has(name));
    const required = direction === 'output' ? fields.filter(isAlwaysThere).map(({ jsonName }) => jsonName) : [];
    return {
      type: 'object',
      ...describe(desc.typeName),
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, this.field(field, direction)])),
      ...(required.length > 0 && { required }),
      ...oneofRules(desc),
    };
  }

  /** The schema of a field's value, with the field's own description. */
  field(field: DescField, direction: Direction): JsonObject {
    return { ...this.value(field, direction), ...describe(`${field.parent.typeName}.${field.name}`) };
  }

  private value(field: DescField, direction: Direction): JsonObject {
    switch (field.fieldKind) {
      case 'scalar':
        return scalarSchema(field.scalar, direction);
      case 'enum':
        return this.enumeration(field.enum);
      case 'message':
        return this.message(field.message, direction);
      case 'list':
        return { type: 'array', items: this.element(field, direction) };
      case 'map':
        return { type: 'object', additionalProperties: this.element(field, direction) };
    }
  }

  private element(field: DescField & { fieldKind: 'list' | 'map' }, direction: Direction): JsonObject {
    if (field.message !== undefined) return this.message(field.message, direction);
    return field.enum !== undefined ? this.enumeration(field.enum) : scalarSchema(field.scalar, direction);
  }

  private enumeration(desc: DescEnum): JsonObject {
    return this.named(desc.typeName, () => {
      const values = desc.values.map(({ name }) => ({ name, about: comments[`${desc.typeName}.${name}`] }));
      const told = values.filter(({ about }) => about !== undefined).map(({ name, about }) => `- \`${name}\`: ${about}`);
      const description = [comments[desc.typeName], told.join('\n')].filter((text) => text !== undefined && text !== '').join('\n\n');
      return { type: 'string', enum: values.map(({ name }) => name), ...(description !== '' && { description }) };
    });
  }

  /** Kept under its name before it is made, so that messages may hold themselves. */
  private named(name: string, make: () => JsonObject): JsonObject {
    if (!(name in this.components)) {
      this.components[name] = {};
      this.components[name] = make();
    }
    return { $ref: `#/components/schemas/${name}` };
  }
}

/** Full names of everything a message holds, itself included. */
export function typesIn(desc: DescMessage, found = new Set<string>()): Set<string> {
  if (found.has(desc.typeName)) return found;
  found.add(desc.typeName);
  for (const { message } of desc.fields) if (message !== undefined) typesIn(message, found);
  return found;
}
