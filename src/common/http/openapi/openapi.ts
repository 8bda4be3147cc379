import type { DescMethod, DescService, JsonObject } from '@bufbuild/protobuf';
import { protoServices } from '../../grpc/proto-types.js';
import { restRoutesOf, type RestRouteRule } from '../rest-rule.js';
import { answersOf, RAW, sharedComponents } from './answers.js';
import { describe, SchemaSet, typesIn } from './json-schema.js';
import type { OpenapiPart } from './openapi-parts.js';
import { parametersOf, pathFieldsOf, toTemplate } from './parameters.js';

/** The contract only grows, so it has one version. */
const CONTRACT_VERSION = '1';

const ABOUT = `OpenCode agents over REST. The same calls are served over gRPC; this document is made from the same contract.

Bodies are ProtoJSON: lowerCamelCase names (snake_case is read too), 64-bit integers as strings, enums by name. Fields
without presence are always answered; unknown ones are ignored when sent.`;

/** Open to callers without a token. */
const OPEN_METHODS: ReadonlySet<string> = new Set(['opencode.v1.OpenCodeService.Health']);

function shortName({ parent, name }: DescMethod): string {
  return `${parent.name}_${name}`;
}

/** What the body holds: the field the contract names, or with `*` every field that the path does not give. */
function bodySchema({ input }: DescMethod, route: RestRouteRule, schemas: SchemaSet): JsonObject {
  const field = input.fields.find(({ name }) => name === route.body);
  if (field !== undefined) return schemas.field(field, 'input');
  const inPath = pathFieldsOf(route);
  return inPath.size > 0 ? schemas.object(input, 'input', inPath) : schemas.message(input, 'input');
}

function bodyOf(method: DescMethod, route: RestRouteRule, schemas: SchemaSet): JsonObject {
  if (route.body === '') return {};
  // A file may also come as it is.
  const isFile = method.name === 'WriteFile';
  return { requestBody: { content: { 'application/json': { schema: bodySchema(method, route, schemas) }, ...(isFile && RAW) } } };
}

function operation(method: DescMethod, route: RestRouteRule, index: number, schemas: SchemaSet): JsonObject {
  const fullName = `${method.parent.typeName}.${method.name}`;
  const parameters = parametersOf(method, route, schemas);
  return {
    operationId: `${shortName(method)}${index === 0 ? '' : String(index + 1)}`,
    tags: [method.parent.typeName],
    summary: method.name,
    ...describe(fullName),
    ...(OPEN_METHODS.has(fullName) && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(method, route, schemas),
    responses: answersOf(method, schemas),
  };
}

function toTag(service: DescService): JsonObject {
  return { name: service.typeName, ...describe(service.typeName) };
}

/**
 * The contract's REST routes as an OpenAPI 3.1 document.
 *
 * Made from the descriptors and their google.api.http options, never from decorators: it cannot say what the contract
 * does not. Behind them come the routes of `parts`.
 *
 * @see https://spec.openapis.org/oas/v3.1.1.html
 */
export function createOpenapi(publicUrl: string | undefined, parts: readonly OpenapiPart[] = []): JsonObject {
  const services = protoServices.filter((service) => service.methods.some((method) => restRoutesOf(method).length > 0));
  const methods = services.flatMap((service) => service.methods);
  const schemas = new SchemaSet(new Set(methods.flatMap(({ output }) => [...typesIn(output)])));
  const paths: Record<string, JsonObject> = {};
  for (const method of methods) {
    for (const [index, route] of restRoutesOf(method).entries()) {
      (paths[toTemplate(route)] ??= {})[route.verb] = operation(method, route, index, schemas);
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'opencode-gateway',
      version: CONTRACT_VERSION,
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl ?? '/' }],
    security: [{ bearer: [] }],
    tags: [...services.map(toTag), ...parts.map(({ tag }) => tag)],
    paths: Object.assign(paths, ...parts.map((part) => part.paths)) as JsonObject,
    components: sharedComponents(schemas, Object.assign({}, ...parts.map((part) => part.schemas)) as JsonObject),
  };
}
