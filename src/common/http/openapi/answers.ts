import type { DescMethod, JsonObject } from '@bufbuild/protobuf';
import { STATUS_TABLE } from '../../errors/status-table.js';
import { GlobalEventSchema } from '../../grpc/generated/event_pb.js';
import { StatusSchema } from '../../grpc/generated/google/rpc/status_pb.js';
import type { SchemaSet } from './json-schema.js';

const JSON_TYPE = 'application/json';

/** A file as it is: raw bytes have no schema. */
export const RAW: JsonObject = { 'application/octet-stream': {} };

/** The usual error, under the status that HTTP has for conditions. */
const CONDITION: JsonObject = { $ref: '#/components/responses/Error' };

/** RFC 9457 problem details, as toProblem() makes them. */
const PROBLEM: JsonObject = {
  type: 'object',
  description: 'The same error as problem details (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What was wrong.' },
    instance: { type: 'string', format: 'uri-reference' },
    code: { type: 'string', enum: Object.keys(STATUS_TABLE) },
    reason: { type: 'string', description: 'For programs.' },
    metadata: { type: 'object', additionalProperties: { type: 'string' } },
    violations: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, description: { type: 'string' } },
        required: ['field', 'description'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'reason'],
};

function statusTable(): string {
  const rows = Object.entries(STATUS_TABLE).map(([code, { grpc, http }]) => `| ${code} | ${grpc} | ${http} |`);
  return ['| code | number | HTTP status |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Schemas and answers that operations refer to. */
export function sharedComponents(schemas: SchemaSet, more: JsonObject): JsonObject {
  const status = {
    ...schemas.object(StatusSchema, 'output'),
    description: 'Why a call was refused or failed. `details` holds a google.rpc.ErrorInfo whose `reason` is for programs.',
  };
  return {
    schemas: { ...schemas.components, [StatusSchema.typeName]: status, Problem: PROBLEM, ...more },
    responses: {
      Error: {
        description: `The call was refused, or failed.\n\n${statusTable()}`,
        content: {
          [JSON_TYPE]: { schema: { $ref: `#/components/schemas/${StatusSchema.typeName}` } },
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  };
}

/** Server-sent events, or one JSON object a line. The schemas are those of one event's data and of one line. */
function streamContent(item: JsonObject): JsonObject {
  const result: JsonObject = { type: 'object', properties: { result: item }, required: ['result'] };
  const error: JsonObject = {
    type: 'object',
    description: 'The last line, when the stream failed.',
    properties: { error: { $ref: `#/components/schemas/${StatusSchema.typeName}` } },
    required: ['error'],
  };
  return { 'text/event-stream': { schema: item }, [JSON_TYPE]: { schema: { oneOf: [result, error] } } };
}

const STREAM =
  'A stream. As `text/event-stream` each event is one message, and an event named `error` holds the Status of a failure; else each line is one JSON object. The schemas are those of one event and of one line.';

/** Where the HTTP door does more than the contract's options can say. */
function special(method: DescMethod, answer: JsonObject, schemas: SchemaSet): JsonObject {
  switch (`${method.parent.typeName}.${method.name}`) {
    case 'opencode.v1.OpenCodeService.Health':
      return { 503: { description: 'It cannot serve now.', content: { [JSON_TYPE]: { schema: answer } } } };
    case 'opencode.message.MessageService.SendMessage': {
      const event = schemas.message(GlobalEventSchema, 'output');
      const location = { description: 'The message, once OpenCode has it.', schema: { type: 'string' } };
      return {
        200: { description: 'The turn, to a caller who accepts events.', content: { 'text/event-stream': { schema: event } } },
        202: { description: 'Taken.', headers: { Location: location }, content: { [JSON_TYPE]: { schema: answer } } },
      };
    }
    case 'opencode.v1.OpenCodeService.ReadFile':
    case 'opencode.file.FileService.ReadFile':
      return {
        200: { description: 'The bytes; the message to a caller who accepts JSON.', content: { ...RAW, [JSON_TYPE]: { schema: answer } } },
        206: { description: 'The bytes of a `Range`.', content: RAW },
        304: { description: 'The file is as `If-None-Match` says.' },
        412: CONDITION,
        416: { description: 'The file has no such bytes.' },
      };
    case 'opencode.v1.OpenCodeService.WriteFile':
    case 'opencode.file.FileService.WriteFile':
    case 'opencode.v1.OpenCodeService.DeleteFile':
    case 'opencode.file.FileService.DeleteFile':
      return { 412: CONDITION };
    default:
      return {};
  }
}

/** What a route answers: its message, a stream of them, or an error. */
export function answersOf(method: DescMethod, schemas: SchemaSet): JsonObject {
  const answer = schemas.message(method.output, 'output');
  const success =
    method.methodKind === 'server_streaming'
      ? { description: STREAM, content: streamContent(answer) }
      : { description: 'Done.', content: { [JSON_TYPE]: { schema: answer } } };
  return { 200: success, ...special(method, answer, schemas), default: { $ref: '#/components/responses/Error' } };
}
