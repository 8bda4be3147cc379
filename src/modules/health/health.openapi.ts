import type { JsonObject } from '@bufbuild/protobuf';
import type { OpenapiPart } from '../../common/http/openapi/openapi-parts.js';

const READINESS: JsonObject = {
  type: 'object',
  properties: {
    ready: { type: 'boolean' },
    notReady: {
      type: 'array',
      description: 'Why not: OpenCode is away, or the gateway is about to end.',
      items: { type: 'string', enum: ['upstream', 'draining'] },
    },
  },
  required: ['ready', 'notReady'],
};
const LIVENESS: JsonObject = { type: 'object', properties: { alive: { const: true } }, required: ['alive'] };

function probe(operationId: string, summary: string, responses: JsonObject): JsonObject {
  return { get: { operationId, tags: ['health'], summary, security: [], responses } };
}

function answer(description: string, schema: string): JsonObject {
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

/** The probes, in the words of OpenAPI. */
export const HEALTH_OPENAPI: OpenapiPart = {
  tag: { name: 'health', description: 'Probes, open to everybody.' },
  paths: {
    '/livez': probe('livez', 'Whether this process answers, whatever OpenCode does', { 200: answer('It does.', 'Liveness') }),
    '/readyz': probe('readyz', 'Whether this gateway is to be sent calls', {
      200: answer('It is.', 'Readiness'),
      503: answer('Not now.', 'Readiness'),
    }),
  },
  schemas: { Liveness: LIVENESS, Readiness: READINESS },
};
