import type { JsonObject } from '@bufbuild/protobuf';
import type { A2AVersion } from '../a2a.call.js';
import { TASK_STATE } from './current-schemas.js';
import { pushExamples, restExamples, type Examples } from './rest-examples.js';
import { FLAG, NUMBER, ref, TEXT, TIME } from './schema-words.js';

/** What a REST route takes and gives; which routes there are is in the contracts. */
export interface RestOperation {
  readonly name: string;
  readonly summary: string;
  /** Messages of the version's package. */
  readonly request?: string;
  readonly response?: string;
  readonly isStream?: true;
  readonly examples?: (version: A2AVersion) => Examples;
  readonly query?: Readonly<Record<string, JsonObject>>;
}

const HISTORY = { historyLength: { ...NUMBER, description: 'How many messages of the history are told.' } };

const SEND: RestOperation = {
  name: 'SendMessage',
  summary: 'Send a message, and wait for the task',
  request: 'SendMessageRequest',
  response: 'SendMessageResponse',
  examples: restExamples,
};
const STREAM: RestOperation = {
  name: 'SendStreamingMessage',
  summary: 'Send a message, and stream the answer',
  request: 'SendMessageRequest',
  response: 'StreamResponse',
  isStream: true,
  examples: restExamples,
};
const GET: RestOperation = { name: 'GetTask', summary: 'Look at a task', response: 'Task', query: HISTORY };
const LIST: RestOperation = {
  name: 'ListTasks',
  summary: 'List your tasks',
  response: 'ListTasksResponse',
  query: {
    contextId: TEXT,
    status: TASK_STATE,
    pageSize: NUMBER,
    pageToken: TEXT,
    ...HISTORY,
    statusTimestampAfter: TIME,
    includeArtifacts: FLAG,
  },
};
const CANCEL: RestOperation = { name: 'CancelTask', summary: 'Cancel a task', response: 'Task' };
const SUBSCRIBE: RestOperation = { name: 'SubscribeToTask', summary: 'Follow a task', response: 'StreamResponse', isStream: true };
const CARD: RestOperation = { name: 'GetExtendedAgentCard', summary: 'Read the card for callers', response: 'AgentCard' };
const CREATE_PUSH: RestOperation = {
  name: 'CreateTaskPushNotificationConfig',
  summary: 'Be told of a task at an address',
  request: 'TaskPushNotificationConfig',
  response: 'TaskPushNotificationConfig',
  examples: pushExamples,
};
const GET_PUSH: RestOperation = {
  name: 'GetTaskPushNotificationConfig',
  summary: 'Look at such an address',
  response: 'TaskPushNotificationConfig',
};
const DELETE_PUSH: RestOperation = { name: 'DeleteTaskPushNotificationConfig', summary: 'Be told no more' };

const listPush = (response: string): RestOperation => ({
  name: 'ListTaskPushNotificationConfigs',
  summary: 'List such addresses',
  response,
});

/** By endpoint, as the contracts name them without the `/v1` of 0.3. */
const OPERATIONS: ReadonlyMap<string, RestOperation> = new Map([
  ['POST /message:send', SEND],
  ['POST /message:stream', STREAM],
  ['GET /tasks', LIST],
  ['GET /tasks/{id}', GET],
  ['POST /tasks/{id}:cancel', CANCEL],
  ['GET /tasks/{id}:subscribe', SUBSCRIBE],
  ['POST /tasks/{id}:subscribe', SUBSCRIBE],
  ['GET /extendedAgentCard', CARD],
  ['GET /card', CARD],
  ['POST /tasks/{id}/pushNotificationConfigs', CREATE_PUSH],
  ['GET /tasks/{id}/pushNotificationConfigs/{configId}', GET_PUSH],
  ['DELETE /tasks/{id}/pushNotificationConfigs/{configId}', DELETE_PUSH],
]);

const LIST_PUSH: Readonly<Record<A2AVersion, RestOperation>> = {
  '0.3': listPush('ListTaskPushNotificationConfigResponse'),
  '1.0': listPush('ListTaskPushNotificationConfigsResponse'),
};

/** @throws Error for an endpoint that no version has */
export function operationOf(endpoint: string, version: A2AVersion): RestOperation {
  const bare = endpoint.replace(' /v1/', ' /');
  const operation = bare === 'GET /tasks/{id}/pushNotificationConfigs' ? LIST_PUSH[version] : OPERATIONS.get(bare);
  if (operation === undefined) throw new Error(`${endpoint} is not described`);
  return operation;
}

/** The package and media type of a version. */
export const WIRE: Readonly<Record<A2AVersion, { readonly package: string; readonly type: string }>> = {
  '0.3': { package: 'a2a.v1', type: 'application/json' },
  '1.0': { package: 'lf.a2a.v1', type: 'application/a2a+json' },
};

export const messageOf = (version: A2AVersion, name: string): JsonObject => ref(`${WIRE[version].package}.${name}`);
