import type { JsonObject } from '@bufbuild/protobuf';
import type { OpenapiPart } from '../../../common/http/openapi/openapi-parts.js';
import type { A2AVersion } from '../a2a.call.js';
import type { ContractContext } from '../contracts/contract-context.js';
import { supportedMethods } from '../contracts/contract-methods.js';
import { extensionContracts } from '../contracts/contracts.js';
import { coreContract } from '../contracts/core.js';
import { CURRENT_SCHEMAS } from './current-schemas.js';
import { jsonRpcExamples } from './json-rpc-examples.js';
import { LEGACY_SCHEMAS } from './legacy-schemas.js';
import type { Examples } from './rest-examples.js';
import { messageOf, operationOf, WIRE, type RestOperation } from './rest-operations.js';
import { ANY_OBJECT, NUMBER, object, oneWord, ref, TEXT } from './schema-words.js';

const TAG = { name: 'A2A', description: 'Agent2Agent, versions 0.3 and 1.0: see docs/a2a.md.' };
const SSE = 'text/event-stream';

/** The routes of A2A, made from the contracts: there are no others. */
export function a2aOpenapi(context: ContractContext): OpenapiPart {
  const paths: Record<string, JsonObject> = { '/': { post: jsonRpc(context) }, ...cardPaths() };
  for (const version of context.versions) {
    for (const endpoint of coreContract(version, context.push).httpEndpoints) {
      for (const one of version === '1.0' ? [endpoint, ofTenant(endpoint)] : [endpoint]) {
        const [verb = '', path = ''] = one.split(' ');
        paths[path] = { ...paths[path], [verb.toLowerCase()]: restOperation(one, operationOf(endpoint, version), version) };
      }
    }
  }
  return { tag: TAG, paths, schemas: { ...schemasOf(context), A2ARequest: request(context), A2AResponse: RESPONSE } };
}

function schemasOf({ versions }: ContractContext): Readonly<Record<string, JsonObject>> {
  return { ...(versions.includes('0.3') && LEGACY_SCHEMAS), ...(versions.includes('1.0') && CURRENT_SCHEMAS) };
}

const ofTenant = (endpoint: string): string => endpoint.replace(' /', ' /{tenant}/');

function restOperation(endpoint: string, operation: RestOperation, version: A2AVersion): JsonObject {
  const { name, summary, request: body, examples } = operation;
  const parameters = parametersOf(endpoint, operation, version);
  const [verb] = endpoint.split(' ');
  // Subscribing has two verbs, and 1.0 has everything once more for tenants.
  const variant = `${name === 'SubscribeToTask' && verb === 'POST' ? 'ByPost' : ''}${endpoint.includes('{tenant}') ? 'OfTenant' : ''}`;
  return {
    operationId: `A2A_${version.replace('.', '_')}_${name}${variant}`,
    tags: [TAG.name],
    summary: `${summary} (${version})`,
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && {
      requestBody: { required: true, content: contentOf(version, messageOf(version, body), examples?.(version)) },
    }),
    responses: { ...success(operation, version), default: failure(version) },
  };
}

/** A2A's own type, and plain JSON, which is taken and given too. */
function contentOf(version: A2AVersion, schema: JsonObject, examples?: Examples): JsonObject {
  const media: JsonObject = { schema, ...(examples && { examples: { ...examples } }) };
  return Object.fromEntries([...new Set(['application/json', WIRE[version].type])].map((type) => [type, media]));
}

function success({ response, isStream }: RestOperation, version: A2AVersion): JsonObject {
  if (response === undefined) return { [version === '1.0' ? 200 : 204]: { description: 'Done.' } };
  const schema = messageOf(version, response);
  if (isStream) return { 200: { description: 'A stream; the schema is that of one event.', content: { [SSE]: { schema } } } };
  return { 200: { description: 'Done.', content: contentOf(version, schema) } };
}

function failure(version: A2AVersion): JsonObject {
  return { description: 'The call was refused, or failed.', content: contentOf(version, messageOf(version, 'Error')) };
}

function parametersOf(endpoint: string, { query = {}, isStream }: RestOperation, version: A2AVersion): JsonObject[] {
  const inPath = [...endpoint.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema: TEXT }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({ name, in: 'query', schema }));
  return [...inPath, ...inQuery, ...headersOf(version, isStream === true && endpoint.includes('{id}'))];
}

/** The version is in the path; what is negotiated has another name in each. */
function headersOf(version: A2AVersion, resumes: boolean): JsonObject[] {
  const names = [version === '1.0' ? 'A2A-Extensions' : 'X-A2A-Extensions', ...(resumes ? ['Last-Event-ID'] : [])];
  return names.map((name) => ({ name, in: 'header', schema: TEXT }));
}

function jsonRpc(context: ContractContext): JsonObject {
  const header = { name: 'A2A-Version', in: 'header', description: 'Unset: 0.3.', schema: oneWord(...context.versions) };
  return {
    operationId: 'A2A_JsonRpc',
    tags: [TAG.name],
    summary: 'Call any method of A2A and of its extensions',
    description: `Streams are answered as server-sent events. A request without an id is a notification: 204.\n\nMethods: ${supportedMethods(context).join(', ')}.`,
    parameters: [header, { name: 'A2A-Extensions', in: 'header', schema: TEXT }],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: ref('A2ARequest'), examples: { ...jsonRpcExamples(context) } } },
    },
    responses: {
      200: {
        description: 'The answer, or a stream of answers.',
        content: { 'application/json': { schema: ref('A2AResponse') }, [SSE]: { schema: ref('A2AResponse') } },
      },
      204: { description: 'A notification was taken.' },
    },
    'x-a2a-extension-contracts': Object.fromEntries(extensionContracts(context).map(({ key, params }) => [key, params])),
  };
}

const ID: JsonObject = { type: ['string', 'integer', 'null'] };
const VERSION_2: JsonObject = { type: 'string', const: '2.0' };

function request(context: ContractContext): JsonObject {
  const method = oneWord(...supportedMethods(context));
  return object({ 'jsonrpc!': VERSION_2, id: ID, 'method!': method, params: ANY_OBJECT }, 'A request of JSON-RPC 2.0.');
}

const RESPONSE: JsonObject = object(
  { 'jsonrpc!': VERSION_2, 'id!': ID, result: {}, error: object({ 'code!': NUMBER, 'message!': TEXT, data: {} }) },
  'An answer of JSON-RPC 2.0: a result, or an error.',
);

function cardPaths(): Record<string, JsonObject> {
  const names = { 'agent-card.json': '', 'agent.json': 'ByOldName' };
  return Object.fromEntries(
    Object.entries(names).map(([name, variant]) => [`/.well-known/${name}`, { get: readCard(`A2A_AgentCard${variant}`) }]),
  );
}

function readCard(operationId: string): JsonObject {
  return {
    operationId,
    tags: [TAG.name],
    summary: 'Who the agent is and how it is called',
    security: [],
    parameters: [{ name: 'A2A-Version', in: 'header', description: 'Unset: the fields of every version.', schema: TEXT }],
    responses: {
      200: { description: 'The card.', content: { 'application/json': { schema: ANY_OBJECT } } },
      304: { description: 'The card is as `If-None-Match` says.' },
    },
  };
}
