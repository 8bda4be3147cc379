import type { A2AVersion } from '../a2a.call.js';

/** Injection token of the ExtensionOptions. */
export const EXTENSION_OPTIONS = Symbol('EXTENSION_OPTIONS');

/** What the deployment says of the extension methods. */
export interface ExtensionOptions {
  readonly allowsDirectoryOverride: boolean;
  readonly allowsShell: boolean;
  /** Methods of A2A itself, for the list of what is supported. */
  readonly coreMethods: Readonly<Record<A2AVersion, readonly string[]>>;
}

const CORE_METHODS_0_3 = [
  'message/send',
  'message/stream',
  'tasks/get',
  'tasks/cancel',
  'tasks/resubscribe',
  'tasks/pushNotificationConfig/set',
  'tasks/pushNotificationConfig/get',
  'tasks/pushNotificationConfig/list',
  'tasks/pushNotificationConfig/delete',
  'agent/getAuthenticatedExtendedCard',
];

const CORE_METHODS_1_0 = [
  'SendMessage',
  'SendStreamingMessage',
  'GetTask',
  'ListTasks',
  'CancelTask',
  'SubscribeToTask',
  'CreateTaskPushNotificationConfig',
  'GetTaskPushNotificationConfig',
  'ListTaskPushNotificationConfigs',
  'DeleteTaskPushNotificationConfig',
  'GetExtendedAgentCard',
];

export const CORE_METHODS: ExtensionOptions['coreMethods'] = { '0.3': CORE_METHODS_0_3, '1.0': CORE_METHODS_1_0 };
