import type { A2AVersion } from '../a2a.call.js';

/** What a version of A2A has of its own, over each binding. */
export interface CoreContract {
  readonly jsonrpcMethods: readonly string[];
  readonly httpEndpoints: readonly string[];
  readonly grpcService: string;
}

interface WholeCore extends CoreContract {
  /** Only with push notifications. */
  readonly push: Pick<CoreContract, 'jsonrpcMethods' | 'httpEndpoints'>;
}

const CORE: Readonly<Record<A2AVersion, WholeCore>> = {
  '0.3': {
    jsonrpcMethods: [
      'message/send',
      'message/stream',
      'tasks/get',
      'tasks/cancel',
      'tasks/resubscribe',
      'agent/getAuthenticatedExtendedCard',
    ],
    httpEndpoints: [
      'POST /v1/message:send',
      'POST /v1/message:stream',
      'GET /v1/tasks/{id}',
      'POST /v1/tasks/{id}:cancel',
      'GET /v1/tasks/{id}:subscribe',
      'POST /v1/tasks/{id}:subscribe',
      'GET /v1/card',
    ],
    grpcService: 'a2a.v1.A2AService',
    push: {
      jsonrpcMethods: ['set', 'get', 'list', 'delete'].map((verb) => `tasks/pushNotificationConfig/${verb}`),
      httpEndpoints: [
        'POST /v1/tasks/{id}/pushNotificationConfigs',
        'GET /v1/tasks/{id}/pushNotificationConfigs',
        'GET /v1/tasks/{id}/pushNotificationConfigs/{configId}',
        'DELETE /v1/tasks/{id}/pushNotificationConfigs/{configId}',
      ],
    },
  },
  '1.0': {
    jsonrpcMethods: [
      'SendMessage',
      'SendStreamingMessage',
      'GetTask',
      'ListTasks',
      'CancelTask',
      'SubscribeToTask',
      'GetExtendedAgentCard',
    ],
    httpEndpoints: [
      'POST /message:send',
      'POST /message:stream',
      'GET /tasks',
      'GET /tasks/{id}',
      'POST /tasks/{id}:cancel',
      'GET /tasks/{id}:subscribe',
      'POST /tasks/{id}:subscribe',
      'GET /extendedAgentCard',
    ],
    grpcService: 'lf.a2a.v1.A2AService',
    push: {
      jsonrpcMethods: [
        'CreateTaskPushNotificationConfig',
        'GetTaskPushNotificationConfig',
        'ListTaskPushNotificationConfigs',
        'DeleteTaskPushNotificationConfig',
      ],
      httpEndpoints: [
        'POST /tasks/{id}/pushNotificationConfigs',
        'GET /tasks/{id}/pushNotificationConfigs',
        'GET /tasks/{id}/pushNotificationConfigs/{configId}',
        'DELETE /tasks/{id}/pushNotificationConfigs/{configId}',
      ],
    },
  },
};

export function coreContract(version: A2AVersion, push: boolean): CoreContract {
  const { push: more, ...core } = CORE[version];
  if (!push) return core;
  return {
    ...core,
    jsonrpcMethods: [...core.jsonrpcMethods, ...more.jsonrpcMethods],
    httpEndpoints: [...core.httpEndpoints, ...more.httpEndpoints],
  };
}
