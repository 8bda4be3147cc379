import { randomUUID } from 'node:crypto';
import type { Version } from './a2a-client.js';

/** JSON of any shape, for tests that look into it by name. */
export interface Json {
  readonly [key: string]: Json;
}

/** Bindings over HTTP. */
export const HTTP_BINDINGS = ['JSON-RPC', 'REST'] as const;
export type HttpBinding = (typeof HTTP_BINDINGS)[number];

const METHODS = {
  '0.3': { send: 'message/send', stream: 'message/stream', cancel: 'tasks/cancel' },
  '1.0': { send: 'SendMessage', stream: 'SendStreamingMessage', cancel: 'CancelTask' },
} as const;

/** A2A in plain HTTP: for what the protocol library's client does not send, or does not show. */
export class A2AHttp {
  constructor(
    private readonly url: string,
    readonly binding: HttpBinding,
    readonly version: Version = '0.3',
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** A message as the binding writes it. */
  message(text: string): Record<string, unknown> {
    const messageId = randomUUID();
    if (this.version === '1.0') return { messageId, role: 'ROLE_USER', parts: [{ text }] };
    if (this.binding === 'REST') return { messageId, role: 'ROLE_USER', content: [{ text }] };
    return { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text }] };
  }

  /** What a message is sent with, and the answer. */
  send(params: object): Promise<Response> {
    return this.ask('send', params);
  }

  /** As `send`, told as a stream. */
  stream(params: object): Promise<Response> {
    return this.ask('stream', params);
  }

  cancel(id: string): Promise<Response> {
    if (this.binding === 'JSON-RPC') return this.rpc(METHODS[this.version].cancel, { id });
    return this.post(`${this.version === '0.3' ? '/v1' : ''}/tasks/${id}:cancel`, '{}');
  }

  rpc(method: string, params: object): Promise<Response> {
    return this.post('/', JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  }

  post(path: string, body: string | ReadableStream, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    const own = { 'content-type': 'application/json', 'a2a-version': this.version };
    // A body that comes as a stream needs to be told so.
    const init = { method: 'POST', headers: { ...own, ...this.headers, ...headers }, body, duplex: 'half' } as const;
    return fetch(this.url + path, init);
  }

  private ask(how: 'send' | 'stream', params: object): Promise<Response> {
    if (this.binding === 'JSON-RPC') return this.rpc(METHODS[this.version][how], params);
    return this.post(`${this.version === '0.3' ? '/v1' : ''}/message:${how}`, JSON.stringify(params));
  }
}

/** What an answer holds, without the envelope. */
export async function resultOf(response: Response): Promise<Json> {
  return unwrap((await response.json()) as Json);
}

/** What a stream of server-sent events holds, to its end. */
export async function itemsOf(response: Response): Promise<Json[]> {
  return [...(await response.text()).matchAll(/^data: ?(.*)$/gm)].map(([, data = '']) => unwrap(JSON.parse(data) as Json));
}

/** Of a task or of what happens in it. */
export function taskIdOf(told: Json): string {
  const { id, taskId } = told as { readonly id?: unknown; readonly taskId?: unknown };
  if (typeof id === 'string') return id;
  if (typeof taskId === 'string') return taskId;
  throw new Error(`no task: ${JSON.stringify(told)}`);
}

/** The same whichever binding: a task, a status or an artifact. */
function unwrap(json: Json): Json {
  const told = json['jsonrpc'] === undefined ? json : (json['result'] ?? json);
  return told['task'] ?? told['statusUpdate'] ?? told['artifactUpdate'] ?? told;
}
