import { LegacyA2AService } from '@a2a-js/sdk/compat/v0_3/server/grpc';
import { SendMessageRequest } from '@a2a-js/sdk';
import { A2AService } from '@a2a-js/sdk/server/grpc';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { Scope } from '../../src/common/access/scopes.js';
import { A2A_VERSIONS, type A2AVersion } from '../../src/modules/a2a/a2a.call.js';
import { coreContract } from '../../src/modules/a2a/contracts/core.js';
import type { TestGateway } from './test-gateway.js';

/** What a call is about. */
export interface Subject {
  readonly taskId: string;
  readonly configId: string;
  readonly url: string;
  readonly text: string;
}

export interface Told {
  readonly outcome: 'answered' | 'unauthenticated' | 'forbidden' | 'refused';
  /** All that was said, headers too; of a stream what came within a moment. */
  readonly words: string;
  /** `WWW-Authenticate`, which only HTTP has. */
  readonly challenge: string | undefined;
}

type At = Pick<TestGateway, 'httpUrl' | 'grpcAddress'>;

/** One way to do something over A2A. */
export interface SurfaceCall {
  readonly name: string;
  readonly needs: Scope;
  readonly isOfTask: boolean;
  readonly call: (at: At, token: string | undefined, subject: Subject) => Promise<Told>;
}

interface GrpcDefinition {
  readonly path: string;
  readonly responseStream: boolean;
  requestDeserialize(bytes: Buffer): object;
  requestSerialize(message: object): Buffer;
}

/** How long a stream is read. */
const READ_FOR_MS = 300;
const CHANGES = /send|streaming|stream$|cancel|create|set$|delete/i;
const WITHOUT_TASK = /card|listtasks|GET \/tasks$/i;

/** Every JSON-RPC method of A2A itself, every route and every gRPC method, of both versions. */
export const SURFACE: readonly SurfaceCall[] = A2A_VERSIONS.flatMap((version) => {
  const { jsonrpcMethods, httpEndpoints } = coreContract(version, true);
  const definitions = Object.values(version === '1.0' ? A2AService : LegacyA2AService) as unknown as GrpcDefinition[];
  return [
    ...jsonrpcMethods.map((method) => ({
      ...about(method),
      call: (at: At, token: string | undefined, subject: Subject) =>
        callRpc(at, token, version, method, paramsOf(version, method, subject)),
    })),
    ...httpEndpoints.map((endpoint) => ({
      ...about(endpoint, /^(POST .*(?<!:subscribe)|DELETE .*)$/),
      call: (at: At, token: string | undefined, subject: Subject) => callRoute(at, token, version, endpoint, subject),
    })),
    ...definitions.map((definition) => ({
      ...about(definition.path),
      call: (at: At, token: string | undefined, subject: Subject) => callGrpc(at, token, definition, subject),
    })),
  ];
});

function about(name: string, changes = CHANGES): Pick<SurfaceCall, 'name' | 'needs' | 'isOfTask'> {
  const method = name.includes(' ')
    ? name
    : (name
        .split('/')
        .slice(name.startsWith('/') ? 2 : 0)
        .join('/') ?? name);
  return { name, needs: changes.test(method) ? 'write' : 'read', isOfTask: !WITHOUT_TASK.test(method) };
}

function currentMessage({ taskId, text }: Subject): object {
  return { messageId: 'surface', taskId, role: 'ROLE_USER', parts: [{ text }] };
}

function paramsOf(version: A2AVersion, method: string, subject: Subject): object {
  const { taskId, configId, url, text } = subject;
  if (version === '1.0') {
    if (method.includes('Push')) return { taskId, id: configId, url };
    return method.startsWith('Send') ? { message: currentMessage(subject) } : { id: taskId };
  }
  const message = { kind: 'message', messageId: 'surface', taskId, role: 'user', parts: [{ kind: 'text', text }] };
  if (method.startsWith('message/')) return { message };
  if (method.endsWith('/set')) return { taskId, pushNotificationConfig: { id: configId, url } };
  return { id: taskId, ...(method.includes('push') && { pushNotificationConfigId: configId }) };
}

/** @param params - of any method, also of an extension */
export async function callRpc(
  { httpUrl }: At,
  token: string | undefined,
  version: A2AVersion,
  method: string,
  params: object,
): Promise<Told> {
  const headers = { 'content-type': 'application/json', 'a2a-version': version, ...authorization(token) };
  const told = await callHttp(httpUrl, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
  const code = /"error":\{"code":(-\d+)/.exec(told.words)?.[1];
  if (told.outcome !== 'answered' || code === undefined) return told;
  return { ...told, outcome: ['-32071', '-32007', '-32057'].includes(code) ? 'forbidden' : 'refused' };
}

function callRoute({ httpUrl }: At, token: string | undefined, version: A2AVersion, endpoint: string, subject: Subject): Promise<Told> {
  const [method = '', template = ''] = endpoint.split(' ');
  const path = template.replace('{id}', subject.taskId).replace('{configId}', subject.configId);
  const { taskId, text, configId: id, url } = subject;
  const legacyMessage = { messageId: 'surface', taskId, role: 'ROLE_USER', content: [{ text }] };
  const message = version === '1.0' ? currentMessage(subject) : legacyMessage;
  const push = version === '1.0' ? { id, url } : { config: { pushNotificationConfig: { id, url } } };
  const body = path.includes('message:') ? { message } : path.includes('push') ? push : {};
  const init = method === 'POST' && !path.endsWith(':subscribe') ? { body: JSON.stringify(body) } : {};
  return callHttp(httpUrl + path, {
    method,
    ...init,
    headers: { ...('body' in init && { 'content-type': 'application/json' }), ...authorization(token) },
  });
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function callHttp(url: string, init: RequestInit): Promise<Told> {
  const leave = new AbortController();
  const response = await fetch(url, { ...init, signal: leave.signal });
  const isStream = response.headers.get('content-type')?.includes('event-stream') === true;
  if (isStream) setTimeout(() => leave.abort(), READ_FOR_MS);
  let words = JSON.stringify([...response.headers]);
  try {
    for await (const bytes of response.body ?? []) words += Buffer.from(bytes as Uint8Array).toString();
  } catch {
    // It was left.
  }
  const outcome =
    response.status === 401 ? 'unauthenticated' : response.status === 403 ? 'forbidden' : response.ok ? 'answered' : 'refused';
  return { outcome, words, challenge: response.headers.get('www-authenticate') ?? undefined };
}

function toGrpcRequest({ path, requestDeserialize }: GrpcDefinition, { taskId, configId, url, text }: Subject): object {
  const empty = requestDeserialize(Buffer.alloc(0));
  const isLegacy = path.startsWith('/a2a.v1.');
  const name = `tasks/${taskId}${path.includes('Push') && 'name' in empty ? `/pushNotificationConfigs/${configId}` : ''}`;
  if (isLegacy && path.includes('Send')) {
    const content = [{ part: { $case: 'text', value: text } }];
    return { ...empty, request: { messageId: 'surface', contextId: '', taskId, role: 1, content, metadata: undefined, extensions: [] } };
  }
  if (path.includes('Send'))
    return SendMessageRequest.fromJSON({ message: { messageId: 'surface', taskId, role: 'ROLE_USER', parts: [{ text }] } });
  if (isLegacy) {
    const pushNotificationConfig = { id: configId, url, token: '', authentication: undefined };
    return { ...empty, name, parent: `tasks/${taskId}`, configId, config: { name, pushNotificationConfig } };
  }
  return { ...empty, id: path.includes('Push') ? configId : taskId, taskId, url };
}

async function callGrpc({ grpcAddress }: At, token: string | undefined, definition: GrpcDefinition, subject: Subject): Promise<Told> {
  const client = new Client(grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const serialize = (request: object): Buffer => definition.requestSerialize(request);
  const words: string[] = [];
  const hear = (bytes: Buffer): Buffer => {
    words.push(bytes.toString('latin1'));
    return bytes;
  };
  const request = toGrpcRequest(definition, subject);
  const error = await new Promise<ServiceError | null>((resolve) => {
    if (!definition.responseStream) return void client.makeUnaryRequest(definition.path, serialize, hear, request, metadata, resolve);
    const stream = client.makeServerStreamRequest(definition.path, serialize, hear, request, metadata);
    stream.once('metadata', () => setTimeout(() => stream.cancel(), READ_FOR_MS));
    stream
      .on('error', (failure: ServiceError) => resolve(failure.code === status.CANCELLED ? null : failure))
      .on('end', () => resolve(null))
      .resume();
  });
  client.close();
  if (error === null) return { outcome: 'answered', words: words.join(''), challenge: undefined };
  const outcome =
    error.code === status.UNAUTHENTICATED ? 'unauthenticated' : error.code === status.PERMISSION_DENIED ? 'forbidden' : 'refused';
  return { outcome, words: `${error.code} ${error.details} ${toWords(error.metadata)}`, challenge: undefined };
}

function toWords(metadata: Metadata): string {
  return JSON.stringify(Object.entries(metadata.getMap()).map(([name, value]) => [name, value.toString('latin1')]));
}
