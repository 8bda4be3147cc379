import {
  TaskState,
  Role,
  type Artifact,
  type Message,
  type Part,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  type TaskPushNotificationConfig,
  type TaskStatus,
} from '@a2a-js/sdk';
import { GatewayError } from '../../../common/errors/gateway-error.js';

/**
 * REST of version 0.3: ProtoJSON of its own messages, which are not those of its JSON-RPC.
 *
 * @see https://github.com/a2aproject/A2A/blob/v0.3.0/specification/grpc/a2a.proto
 */
type Json = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function record(value: unknown, field: string): Json {
  if (isRecord(value)) return value;
  throw GatewayError.invalid(field, 'must be an object');
}

function text(value: unknown, field: string): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return value;
  throw GatewayError.invalid(field, 'must be a text');
}

function list(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw GatewayError.invalid(field, 'must be a list');
}

/** @throws GatewayError INVALID_ARGUMENT naming the field */
export function fromLegacyRestRequest(body: unknown): SendMessageRequest {
  const request = record(body, 'body');
  if ('jsonrpc' in request) throw GatewayError.invalid('jsonrpc', 'this route takes no JSON-RPC; that is at /');
  const message = record(request['message'] ?? request['request'], 'message');
  if ('parts' in message) throw GatewayError.invalid('message.parts', 'is called content over REST');
  return {
    tenant: '',
    message: fromMessage(message),
    configuration:
      request['configuration'] === undefined ? undefined : fromConfiguration(record(request['configuration'], 'configuration')),
    metadata: request['metadata'] as SendMessageRequest['metadata'],
  };
}

function fromMessage(message: Json): Message {
  const role = message['role'];
  if (role !== 'ROLE_USER' && role !== 1) throw GatewayError.invalid('message.role', 'must be ROLE_USER');
  return {
    messageId: text(message['messageId'], 'message.messageId'),
    contextId: text(message['contextId'], 'message.contextId'),
    taskId: text(message['taskId'], 'message.taskId'),
    role: Role.ROLE_USER,
    parts: list(message['content'], 'message.content').map((part, index) => fromPart(part, `message.content[${index}]`)),
    metadata: message['metadata'] as Message['metadata'],
    extensions: list(message['extensions'], 'message.extensions').map((uri) => text(uri, 'message.extensions')),
    referenceTaskIds: [],
  };
}

function fromPart(value: unknown, field: string): Part {
  const part = record(value, field);
  const made = (content: Part['content'], mediaType = '', filename = ''): Part => ({ content, metadata: undefined, filename, mediaType });
  if (part['text'] !== undefined) return made({ $case: 'text', value: text(part['text'], `${field}.text`) });
  if (part['data'] !== undefined) return made({ $case: 'data', value: record(part['data'], `${field}.data`)['data'] });
  const file = record(part['file'], `${field} must hold text, file or data;`);
  const mediaType = text(file['mimeType'], `${field}.file.mimeType`);
  const name = text(file['name'], `${field}.file.name`);
  const bytes = file['fileWithBytes'];
  if (bytes !== undefined)
    return made({ $case: 'raw', value: Buffer.from(text(bytes, `${field}.file.fileWithBytes`), 'base64') }, mediaType, name);
  return made({ $case: 'url', value: text(file['fileWithUri'], `${field}.file.fileWithUri`) }, mediaType, name);
}

/** ProtoJSON does not write what is false: a configuration without `blocking` is one that does not wait. */
function fromConfiguration(configuration: Json): NonNullable<SendMessageRequest['configuration']> {
  const push = configuration['pushNotification'];
  const historyLength = configuration['historyLength'];
  return {
    acceptedOutputModes: list(configuration['acceptedOutputModes'], 'configuration.acceptedOutputModes').map((mode) =>
      text(mode, 'configuration.acceptedOutputModes'),
    ),
    taskPushNotificationConfig:
      push === undefined ? undefined : fromPushConfig(record(push, 'configuration.pushNotification'), 'configuration.pushNotification', ''),
    historyLength: typeof historyLength === 'number' ? historyLength : undefined,
    returnImmediately: configuration['blocking'] !== true,
  };
}

function fromPushConfig(config: Json, field: string, taskId: string): TaskPushNotificationConfig {
  const authentication = config['authentication'] === undefined ? undefined : record(config['authentication'], `${field}.authentication`);
  return {
    tenant: '',
    taskId,
    id: text(config['id'], `${field}.id`),
    url: text(config['url'], `${field}.url`),
    token: text(config['token'], `${field}.token`),
    authentication: authentication && {
      scheme: text(list(authentication['schemes'], `${field}.authentication.schemes`)[0], `${field}.authentication.schemes`),
      credentials: text(authentication['credentials'], `${field}.authentication.credentials`),
    },
  };
}

/** @throws GatewayError INVALID_ARGUMENT naming the field */
export function fromLegacyPushConfig(body: unknown, taskId: string): TaskPushNotificationConfig {
  const outer = record(body, 'body');
  const wrapped = outer['config'] === undefined ? outer : record(outer['config'], 'config');
  return fromPushConfig(record(wrapped['pushNotificationConfig'], 'pushNotificationConfig'), 'pushNotificationConfig', taskId);
}

export function toLegacyPushConfig({ taskId, id, url, token, authentication }: TaskPushNotificationConfig): Json {
  return {
    name: `tasks/${taskId}/pushNotificationConfigs/${id}`,
    pushNotificationConfig: {
      id,
      url,
      ...(token !== '' && { token }),
      ...(authentication !== undefined && {
        authentication: {
          schemes: [authentication.scheme],
          ...(authentication.credentials !== '' && { credentials: authentication.credentials }),
        },
      }),
    },
  };
}

const STATES: Readonly<Partial<Record<TaskState, string>>> = {
  [TaskState.TASK_STATE_SUBMITTED]: 'TASK_STATE_SUBMITTED',
  [TaskState.TASK_STATE_WORKING]: 'TASK_STATE_WORKING',
  [TaskState.TASK_STATE_COMPLETED]: 'TASK_STATE_COMPLETED',
  [TaskState.TASK_STATE_FAILED]: 'TASK_STATE_FAILED',
  // As 0.3 spells it.
  [TaskState.TASK_STATE_CANCELED]: 'TASK_STATE_CANCELLED',
  [TaskState.TASK_STATE_INPUT_REQUIRED]: 'TASK_STATE_INPUT_REQUIRED',
  [TaskState.TASK_STATE_REJECTED]: 'TASK_STATE_REJECTED',
  [TaskState.TASK_STATE_AUTH_REQUIRED]: 'TASK_STATE_AUTH_REQUIRED',
};
const FINAL: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
  // A provider refused the credentials.
  TaskState.TASK_STATE_AUTH_REQUIRED,
]);

export function toLegacyRestTask({ id, contextId, status, artifacts, history, metadata }: Task): Json {
  return {
    id,
    contextId,
    status: toStatus(status),
    ...(artifacts.length > 0 && { artifacts: artifacts.map(toArtifact) }),
    ...(history.length > 0 && { history: history.map(toMessage) }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** What a send is answered with. */
export function toLegacyRestAnswer(answer: Message | Task): Json {
  return 'messageId' in answer ? { message: toMessage(answer) } : { task: toLegacyRestTask(answer) };
}

export function toLegacyRestStreamItem({ payload }: StreamResponse): Json {
  switch (payload?.$case) {
    case 'task':
      return { task: toLegacyRestTask(payload.value) };
    case 'message':
      return { message: toMessage(payload.value) };
    case 'statusUpdate': {
      const { taskId, contextId, status, metadata } = payload.value;
      const final = status !== undefined && FINAL.has(status.state);
      return { statusUpdate: { taskId, contextId, status: toStatus(status), final, ...(metadata !== undefined && { metadata }) } };
    }
    case 'artifactUpdate': {
      const { taskId, contextId, artifact, append, lastChunk, metadata } = payload.value;
      const shown = artifact && toArtifact(artifact);
      return { artifactUpdate: { taskId, contextId, artifact: shown, append, lastChunk, ...(metadata !== undefined && { metadata }) } };
    }
    case undefined:
      return {};
  }
}

function toStatus(status: TaskStatus | undefined): Json {
  if (status === undefined) return {};
  const { state, message, timestamp } = status;
  return {
    state: STATES[state],
    ...(message !== undefined && { message: toMessage(message) }),
    ...(timestamp !== undefined && { timestamp }),
  };
}

function toMessage({ messageId, contextId, taskId, role, parts, metadata }: Message): Json {
  return {
    messageId,
    contextId,
    ...(taskId !== '' && { taskId }),
    role: role === Role.ROLE_USER ? 'ROLE_USER' : 'ROLE_AGENT',
    content: parts.map(toPart),
    ...(metadata !== undefined && { metadata }),
  };
}

function toArtifact({ artifactId, name, description, parts, metadata }: Artifact): Json {
  return {
    artifactId,
    ...(name !== '' && { name }),
    ...(description !== '' && { description }),
    parts: parts.map(toPart),
    ...(metadata !== undefined && { metadata }),
  };
}

function toPart({ content, mediaType, metadata }: Part): Json {
  return { ...toContent(content, mediaType), ...(metadata !== undefined && { metadata }) };
}

function toContent(content: Part['content'], mimeType: string): Json {
  switch (content?.$case) {
    case 'text':
      return { text: content.value };
    case 'data':
      return { data: { data: content.value as unknown } };
    case 'raw':
      return { file: { fileWithBytes: content.value.toString('base64'), mimeType } };
    case 'url':
      return { file: { fileWithUri: content.value, mimeType } };
    case undefined:
      return {};
  }
}
