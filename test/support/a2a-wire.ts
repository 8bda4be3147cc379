import { createParser } from 'eventsource-parser';
import { randomUUID } from 'node:crypto';

/** JSON-RPC with nothing between a test and the wire: what the protocol library's client would hide is told here. */
export interface RpcAnswer<T> {
  readonly result?: T;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

type Headers = Readonly<Record<string, string>>;

/** Headers of a call in version 1.0, and what it negotiates. */
export function current(...extensions: string[]): Headers {
  return { 'a2a-version': '1.0', ...(extensions.length > 0 && { 'a2a-extensions': extensions.join(', ') }) };
}

export async function rpc<T>(url: string, method: string, params: unknown, headers: Headers = {}): Promise<RpcAnswer<T>> {
  const response = await post(url, method, params, headers);
  return (await response.json()) as RpcAnswer<T>;
}

/** The results of a stream as they come; leaving it closes the connection. */
export async function* rpcStream<T>(
  url: string,
  method: string,
  params: unknown,
  headers: Headers = {},
): AsyncGenerator<T, void, undefined> {
  const leaving = new AbortController();
  try {
    const { body } = await post(url, method, params, { accept: 'text/event-stream', ...headers }, leaving.signal);
    if (body === null) throw new Error(`${method} has no answer`);
    const told: T[] = [];
    const parser = createParser({ onEvent: ({ data }) => told.push(resultOf(JSON.parse(data) as RpcAnswer<T>)) });
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
      yield* told.splice(0);
    }
  } finally {
    leaving.abort();
  }
}

function resultOf<T>({ result, error }: RpcAnswer<T>): T {
  if (result === undefined) throw new Error(JSON.stringify(error));
  return result;
}

function post(url: string, method: string, params: unknown, headers: Headers, signal?: AbortSignal): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...(signal !== undefined && { signal }),
  });
}

export interface LegacyPart {
  readonly kind: 'text' | 'data' | 'file';
  readonly text?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface SharedMetadata {
  readonly session?: { readonly id: string; readonly title: string };
  readonly stream?: {
    readonly block_type?: string;
    readonly source: string;
    readonly message_id?: string;
    readonly event_id: string;
    readonly sequence: number;
    readonly role: string;
  };
  readonly usage?: Readonly<Record<string, unknown>>;
  readonly interrupt?: {
    readonly request_id: string;
    readonly type: string;
    readonly phase: string;
    readonly details?: unknown;
    readonly resolution?: string;
  };
}

/** An item of a stream, or a task, in version 0.3. */
export interface LegacyItem {
  readonly kind: 'task' | 'status-update' | 'artifact-update';
  readonly id: string;
  readonly taskId: string;
  readonly contextId: string;
  readonly status: { readonly state: string; readonly message?: { readonly parts: readonly LegacyPart[] } };
  readonly final: boolean;
  readonly artifact: { readonly artifactId: string; readonly parts: readonly LegacyPart[] };
  readonly artifacts?: readonly { readonly artifactId: string; readonly parts: readonly LegacyPart[] }[];
  readonly append: boolean;
  readonly lastChunk: boolean;
  readonly metadata?: { readonly shared?: SharedMetadata };
}

/** An artifact in version 1.0. */
export interface CurrentArtifact {
  readonly artifactId: string;
  readonly name: string;
  readonly parts: readonly { readonly text?: string; readonly data?: Readonly<Record<string, unknown>> }[];
}

/** An item of a stream in version 1.0. */
export interface CurrentItem {
  readonly task?: { readonly id: string; readonly artifacts?: readonly CurrentArtifact[]; readonly metadata?: object };
  readonly artifactUpdate?: { readonly artifact: CurrentArtifact; readonly append?: boolean; readonly metadata?: object };
  readonly statusUpdate?: { readonly status: { readonly state: string }; readonly metadata?: object };
}

/** Parameters of a send in version 0.3. */
export function legacySend(text: string, message: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) {
  const parts = [{ kind: 'text', text }];
  return { message: { kind: 'message', messageId: randomUUID(), role: 'user', parts, ...message }, ...rest };
}

/** Parameters of a send in version 1.0. */
export function currentSend(text: string, message: Record<string, unknown> = {}, rest: Record<string, unknown> = {}) {
  return { message: { messageId: randomUUID(), role: 'ROLE_USER', parts: [{ text }], ...message }, ...rest };
}

/** The chunks of the artifact. */
export function chunksIn(items: readonly LegacyItem[]): LegacyItem[] {
  return items.filter(({ kind }) => kind === 'artifact-update');
}

/** What chunks of one kind say, in words. */
export function wordsOf(items: readonly LegacyItem[], blockType: string): string {
  return chunksIn(items)
    .filter(({ metadata }) => metadata?.shared?.stream?.block_type === blockType)
    .flatMap(({ artifact }) => artifact.parts.map(({ text = '' }) => text))
    .join('');
}
