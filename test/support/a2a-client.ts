import {
  Role,
  type AgentCard,
  type Artifact,
  type Message,
  type Part,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
} from '@a2a-js/sdk';
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory, type Client } from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import { randomUUID } from 'node:crypto';
import type { TestGateway } from './test-gateway.js';

export const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const;
export type Binding = (typeof BINDINGS)[number];
export type Version = '0.3' | '1.0';

/** Every binding in every version. */
export const WAYS: readonly (readonly [Binding, Version])[] = BINDINGS.flatMap((binding) => [
  [binding, '0.3'] as const,
  [binding, '1.0'] as const,
]);

/** The protocol library's own client, held to one binding and version. */
export async function connect(
  test: Pick<TestGateway, 'httpUrl' | 'grpcAddress'>,
  binding: Binding,
  version: Version,
  token?: string,
): Promise<Client> {
  const authorized: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const legacyCompat = { enabled: true };
  const options = { legacyCompat, fetchImpl: authorized };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory(options), new RestTransportFactory(options), new GrpcTransportFactory({ legacyCompat })],
  });
  return factory.createFromAgentCard(cardFor(test, binding, version));
}

function cardFor(
  { httpUrl, grpcAddress }: Pick<TestGateway, 'httpUrl' | 'grpcAddress'>,
  protocolBinding: Binding,
  protocolVersion: Version,
): AgentCard {
  const url = protocolBinding === 'GRPC' ? grpcAddress : httpUrl;
  return {
    name: 'test',
    description: 'test',
    version: '1',
    supportedInterfaces: [{ url, protocolBinding, protocolVersion, tenant: '' }],
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [],
    signatures: [],
  };
}

export function textOf(text: string): Part {
  return { content: { $case: 'text', value: text }, metadata: undefined, filename: '', mediaType: '' };
}

export interface Sending {
  readonly contextId?: string;
  readonly taskId?: string;
  readonly messageId?: string;
  readonly metadata?: Record<string, unknown>;
  readonly returnImmediately?: boolean;
  readonly outputModes?: string[];
  readonly parts?: Part[];
}

/** A request that sends a text. */
export function sending(text: string, options: Sending = {}): SendMessageRequest {
  const { contextId = '', taskId = '', messageId = randomUUID(), metadata, returnImmediately = false, outputModes = [], parts } = options;
  const message: Message = {
    messageId,
    contextId,
    taskId,
    role: Role.ROLE_USER,
    parts: parts ?? [textOf(text)],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  return {
    tenant: '',
    message,
    configuration: { acceptedOutputModes: outputModes, taskPushNotificationConfig: undefined, returnImmediately },
    metadata,
  };
}

/** A task as an answer, or a failure that says what came instead. */
export function asTask(answer: Message | Task): Task {
  if ('artifacts' in answer) return answer;
  throw new Error(`a message came instead of a task: ${JSON.stringify(answer)}`);
}

/** A bare message as an answer, or a failure that says what came instead. */
export function asMessage(answer: Message | Task): Message {
  if ('messageId' in answer) return answer;
  throw new Error(`a task came instead of a message: ${JSON.stringify(answer)}`);
}

export async function collectItems(items: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const collected: StreamResponse[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** All text that a stream's artifacts came to. */
export function streamedText(items: readonly StreamResponse[]): string {
  return items
    .flatMap(({ payload }) => (payload?.$case === 'artifactUpdate' ? (payload.value.artifact?.parts ?? []) : []))
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join('');
}

/** The text that a reader of a stream has in the end: a task tells all of it, an update what it adds or how it is now. */
export function toldText(items: readonly StreamResponse[]): string {
  const texts = new Map<string, string>();
  const take = ({ artifactId, parts }: Artifact, before: string): void =>
    void texts.set(artifactId, before + parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join(''));
  for (const { payload } of items) {
    if (payload?.$case === 'task') {
      texts.clear();
      payload.value.artifacts.forEach((artifact) => take(artifact, ''));
    } else if (payload?.$case === 'artifactUpdate' && payload.value.artifact !== undefined) {
      const { artifact, append } = payload.value;
      take(artifact, append ? (texts.get(artifact.artifactId) ?? '') : '');
    }
  }
  return [...texts.values()].join('');
}

/** The text of a task's artifacts. */
export function answerOf({ artifacts }: Task): string {
  return artifacts
    .flatMap(({ parts }) => parts)
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join('');
}

export function statesIn(items: readonly StreamResponse[]): number[] {
  return items.flatMap(({ payload }) => {
    if (payload?.$case === 'task' || payload?.$case === 'statusUpdate') return payload.value.status?.state ?? [];
    return [];
  });
}

export function kindsOf(items: readonly StreamResponse[]): (string | undefined)[] {
  return items.map(({ payload }) => payload?.$case);
}
