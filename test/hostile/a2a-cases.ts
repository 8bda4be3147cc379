import { A2AService } from '@a2a-js/sdk/server/grpc';
import { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { A2A_VERSIONS } from '../../src/modules/a2a/a2a.call.js';
import { coreContract } from '../../src/modules/a2a/contracts/core.js';
import { METHOD_CONTRACTS } from '../../src/modules/a2a/contracts/methods.js';
import type { Random } from '../support/random.js';
import { hostileJson, hostileText } from './values.js';

const ENDPOINTS = A2A_VERSIONS.flatMap((version) => coreContract(version, true).httpEndpoints.map((endpoint) => ({ version, endpoint })));
const METHODS = A2A_VERSIONS.flatMap((version) =>
  [...coreContract(version, true).jsonrpcMethods, ...METHOD_CONTRACTS.map(({ method }) => method)].map((method) => ({ version, method })),
);
const SERVICES = [A2AService, LegacyA2AService].flatMap((service) => Object.values(service)) as readonly {
  readonly path: string;
  readonly responseStream: boolean;
}[];

/** Every name that means something in some request of A2A. */
const NAMES = [
  ...['message', 'messageId', 'contextId', 'taskId', 'role', 'kind', 'parts', 'content', 'metadata', 'extensions', 'referenceTaskIds'],
  ...['configuration', 'acceptedOutputModes', 'historyLength', 'returnImmediately', 'blocking', 'taskPushNotificationConfig', 'tenant'],
  ...['id', 'name', 'config', 'pushNotificationConfig', 'pushNotificationConfigId', 'url', 'token', 'authentication', 'schemes', 'scheme'],
  ...['credentials', 'pageSize', 'pageToken', 'status', 'statusTimestampAfter', 'includeArtifacts', 'text', 'raw', 'data', 'file', 'bytes'],
  ...[
    'fileWithBytes',
    'fileWithUri',
    'mediaType',
    'mimeType',
    'mime_type',
    'filename',
    'shared',
    'session',
    'model',
    'providerID',
    'modelID',
  ],
  ...['opencode', 'directory', 'session_id', 'request_id', 'message_id', 'request', 'command', 'arguments', 'agent', 'noReply', 'tools'],
  ...['format', 'variant', 'query', 'limit', 'before', 'roots', 'start', 'search', 'reply', 'answers', 'provider_id', '__proto__', 'then'],
];

const VALUES: readonly string[] = [
  'ROLE_USER',
  'ROLE_AGENT',
  'user',
  'text',
  'message',
  'TASK_STATE_WORKING',
  'data:image/png;base64,!!!!',
  'AAAA',
  '====',
  '2026-02-30T99:00:00Z',
  'ctx:opencode-session:ses_1',
  'tasks/ses_1.msg_1/pushNotificationConfigs/x',
  'http://127.0.0.1:1/hook',
  'http://[::1]:1/',
  'once',
];

const HEADERS = [
  ['a2a-version', ['1.0', '0.3', '9', '', ',', '1.0, 0.3', 'x'.repeat(300)]],
  ['a2a-extensions', ['urn:a2a:stream-hints/v1', ',,,', 'x'.repeat(3_000), '\u00ff']],
  ['last-event-id', ['00000000.1', '-1', 'x', '0.99999999999999999999']],
  ['accept', ['text/event-stream', 'application/a2a+json', '*/*;q=x']],
] as const;

export interface A2AHttpCase {
  readonly verb: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** A request to a route of A2A or for one of its JSON-RPC methods, with contents that nobody expects. */
export function hostileA2ARequest(random: Random, known: readonly string[]): A2AHttpCase {
  const headers = Array.from({ length: random.below(3) }, () => {
    const [name, values] = random.pick(HEADERS);
    return `${name}: ${random.pick<string>(values)}`;
  });
  if (random.below(2) === 0) {
    const { version, method } = random.pick(METHODS);
    const body = hostileBytes(random, hostileRpc(random, method, known));
    return { verb: 'POST', path: '/', headers: [...headers, `a2a-version: ${version}`], body };
  }
  const { version, endpoint } = random.pick(ENDPOINTS);
  const [verb = '', template = ''] = endpoint.split(' ');
  const path = template.replaceAll(/\{\w+\}/g, () => encodeURIComponent(Buffer.from(hostileText(random, known)).toString()));
  const tenant =
    version === '1.0' && random.below(6) === 0 ? `/${encodeURIComponent(Buffer.from(hostileText(random, known)).toString())}` : '';
  const query =
    random.below(3) === 0 ? `?${random.pick(NAMES)}=${encodeURIComponent(Buffer.from(hostileText(random, known)).toString())}` : '';
  const body = verb === 'POST' ? hostileBytes(random, hostileParams(random, known)) : Buffer.alloc(0);
  return { verb, path: `${tenant}${path}${query}`, headers, body };
}

export interface A2AGrpcCase {
  readonly path: string;
  readonly isStream: boolean;
  readonly bytes: Buffer;
}

/** A gRPC call of A2A whose message nobody expects: wire types at random, texts in them, nested without an end. */
export function hostileA2ACall(random: Random, known: readonly string[]): A2AGrpcCase {
  const { path, responseStream: isStream } = random.pick(SERVICES);
  const bytes = random.below(6) === 0 ? random.bytes(random.below(200)) : hostileWireMessage(random, known);
  return { path, isStream, bytes: random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes };
}

function hostileRpc(random: Random, method: string, known: readonly string[]): JsonValue {
  if (random.below(10) === 0) return hostileJson(random, known);
  const envelope: JsonObject = { jsonrpc: '2.0', method, params: hostileParams(random, known) };
  if (random.below(5) > 0) envelope['id'] = random.below(3) > 0 ? 1 : hostileJson(random, known);
  if (random.below(8) === 0) envelope[random.pick(['jsonrpc', 'method', 'params'])] = hostileJson(random, known);
  return envelope;
}

/** Mostly a message as it should be, with something else in one place or another. */
function hostileParams(random: Random, known: readonly string[]): JsonValue {
  if (random.below(6) === 0) return hostileJson(random, known);
  const params = hostileObject(random, known);
  if (random.below(2) === 0) return params;
  const message: JsonObject = {
    messageId: 'hostile',
    kind: 'message',
    role: random.pick<string>(['user', 'ROLE_USER']),
    // A task or a context that is there would be asked for answers: hostile is what is beside them.
    taskId: random.pick(['ses_1.msg_1', '', ...known]),
    parts: [random.below(2) === 0 ? { kind: 'text', text: 'x' } : hostileObject(random, known)],
    content: [random.below(2) === 0 ? { text: 'x' } : hostileObject(random, known)],
    metadata: hostileObject(random, known),
  };
  message[random.pick(NAMES)] = hostileValue(random, known);
  if (random.below(20) === 0) message['parts'] = Array.from({ length: 20_000 }, () => ({ text: '' }));
  return { ...params, id: random.pick(['ses_1.msg_1', ...known]), message };
}

function hostileObject(random: Random, known: readonly string[], depth = 0): JsonObject {
  return Object.fromEntries(
    Array.from({ length: random.below(5) }, () => [
      random.pick(NAMES),
      depth < 4 && random.below(2) === 0 ? hostileObject(random, known, depth + 1) : hostileValue(random, known),
    ]),
  );
}

function hostileValue(random: Random, known: readonly string[]): JsonValue {
  if (random.below(2) === 0) return random.pick(VALUES);
  return random.below(40) === 0 ? nested(2_000) : hostileJson(random, known);
}

function nested(depth: number): JsonValue {
  let value: JsonValue = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { data: value };
  return value;
}

function hostileBytes(random: Random, json: JsonValue): Buffer {
  const bytes = Buffer.from(JSON.stringify(json));
  const kind = random.below(15);
  if (kind === 0) return Buffer.from(random.pick(['[', '{"metadata":', '{"params":[']).repeat(1 + random.below(20_000)));
  if (kind === 1 && bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
}

function hostileWireMessage(random: Random, known: readonly string[], depth = 0): Buffer {
  const fields = Array.from({ length: 1 + random.below(5) }, () => {
    const number = 1 + random.below(12);
    if (random.below(5) === 0) return Buffer.concat([varint(number * 8), varint(random.pick([0, 1, 2, 99, 2 ** 31, 2 ** 50]))]);
    const inner = depth < 6 && random.below(2) === 0 ? hostileWireMessage(random, known, depth + 1) : textBytes(random, known);
    return delimited(number, random.below(60) === 0 ? recursion() : inner);
  });
  return Buffer.concat(fields);
}

function textBytes(random: Random, known: readonly string[]): Buffer {
  const text = random.pick<string>([hostileText(random, known), random.pick(VALUES), ...known]);
  return Buffer.from(random.below(4) === 0 ? `tasks/${text}` : text);
}

/** A Struct in a Value in a Struct, and so on: `fields`, `value`, `struct_value`. */
function recursion(): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let level = 0; level < 3_000; level += 1) bytes = delimited(1, delimited(2, delimited(5, bytes)));
  return bytes;
}

function delimited(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
