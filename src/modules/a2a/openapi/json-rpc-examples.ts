import type { JsonObject } from '@bufbuild/protobuf';
import type { ContractContext } from '../contracts/contract-context.js';
import { supportedMethods } from '../contracts/contract-methods.js';
import { PAGINATION } from '../contracts/methods.js';
import type { Examples } from './rest-examples.js';

interface Example {
  readonly method: string;
  readonly summary: string;
  readonly params: JsonObject;
}

const MODEL = { shared: { model: { providerID: 'google', modelID: 'gemini-2.5-flash' } } };
const FILE_URL = 'https://files.example/report.pdf';
const TASK = { id: 'ses_1.msg_1' };
const HOOK = { url: 'https://hooks.example/a2a', token: 'a-token-of-yours' };
const limit = PAGINATION.defaultLimit;

/** A message of the user in the words of 0.3. */
const legacy = (messageId: string, text: string, ...parts: JsonObject[]): JsonObject => ({
  message: { kind: 'message', messageId, role: 'user', parts: [{ kind: 'text', text }, ...parts] },
});

/** The same in those of 1.0. */
const current = (messageId: string, text: string): JsonObject => ({ message: { messageId, role: 'ROLE_USER', parts: [{ text }] } });

const EXPLAIN = 'Explain what this repository does.';
const LEGACY_FILE = { kind: 'file', file: { name: 'report.pdf', mimeType: 'application/pdf', uri: FILE_URL } };

const LEGACY: Readonly<Record<string, Example>> = {
  message_send: { method: 'message/send', summary: 'Send a message', params: legacy('example-1', EXPLAIN) },
  message_stream: { method: 'message/stream', summary: 'Send a message and stream the answer', params: legacy('example-2', EXPLAIN) },
  message_send_model_override: {
    method: 'message/send',
    summary: 'Choose the model of this message',
    params: { ...legacy('example-3', 'Answer with the faster model.'), metadata: MODEL },
  },
  message_send_file_input: {
    method: 'message/send',
    summary: 'Send a text and a file',
    params: legacy('example-4', 'Review the attached file and summarize the main risks.', LEGACY_FILE),
  },
  tasks_get: { method: 'tasks/get', summary: 'Look at a task', params: TASK },
  tasks_cancel: { method: 'tasks/cancel', summary: 'Cancel a task', params: TASK },
  tasks_resubscribe: { method: 'tasks/resubscribe', summary: 'Follow a task again', params: TASK },
  push_config_set: {
    method: 'tasks/pushNotificationConfig/set',
    summary: 'Be told of a task at an address',
    params: { taskId: TASK.id, pushNotificationConfig: HOOK },
  },
  push_config_get: { method: 'tasks/pushNotificationConfig/get', summary: 'Look at such an address', params: TASK },
  push_config_list: { method: 'tasks/pushNotificationConfig/list', summary: 'List such addresses', params: TASK },
  push_config_delete: {
    method: 'tasks/pushNotificationConfig/delete',
    summary: 'Be told no more',
    params: { ...TASK, pushNotificationConfigId: 'config-1' },
  },
  extended_card: { method: 'agent/getAuthenticatedExtendedCard', summary: 'Read the card for callers', params: {} },
};

const CURRENT: Readonly<Record<string, Example>> = {
  send_message: { method: 'SendMessage', summary: 'Send a message (1.0)', params: current('example-1', EXPLAIN) },
  send_streaming_message: {
    method: 'SendStreamingMessage',
    summary: 'Send a message and stream the answer (1.0)',
    params: current('example-2', EXPLAIN),
  },
  get_task: { method: 'GetTask', summary: 'Look at a task (1.0)', params: TASK },
  list_tasks: { method: 'ListTasks', summary: 'List your tasks (1.0)', params: { pageSize: limit, status: 'TASK_STATE_WORKING' } },
  cancel_task: { method: 'CancelTask', summary: 'Cancel a task (1.0)', params: TASK },
  subscribe_to_task: { method: 'SubscribeToTask', summary: 'Follow a task again (1.0)', params: TASK },
  create_push_config: {
    method: 'CreateTaskPushNotificationConfig',
    summary: 'Be told of a task at an address (1.0)',
    params: { taskId: TASK.id, ...HOOK },
  },
  get_push_config: {
    method: 'GetTaskPushNotificationConfig',
    summary: 'Look at such an address (1.0)',
    params: { taskId: TASK.id, id: 'config-1' },
  },
  list_push_configs: { method: 'ListTaskPushNotificationConfigs', summary: 'List such addresses (1.0)', params: { taskId: TASK.id } },
  delete_push_config: {
    method: 'DeleteTaskPushNotificationConfig',
    summary: 'Be told no more (1.0)',
    params: { taskId: TASK.id, id: 'config-1' },
  },
  get_extended_card: { method: 'GetExtendedAgentCard', summary: 'Read the card for callers (1.0)', params: {} },
};

const SESSION = { session_id: 'ses_1' };

const EXTENSIONS: Readonly<Record<string, Example>> = {
  session_list: { method: 'opencode.sessions.list', summary: 'List sessions', params: { limit } },
  session_messages: { method: 'opencode.sessions.messages.list', summary: 'List messages of a session', params: { ...SESSION, limit } },
  session_prompt_async: {
    method: 'opencode.sessions.prompt_async',
    summary: 'Send a prompt to a session and do not wait',
    params: { ...SESSION, request: { parts: [{ type: 'text', text: 'Continue and summarize next steps.' }] } },
  },
  session_command: {
    method: 'opencode.sessions.command',
    summary: 'Run a command in a session',
    params: { ...SESSION, request: { command: 'review', arguments: 'focus on security findings' } },
  },
  session_shell: {
    method: 'opencode.sessions.shell',
    summary: 'Run a shell line in a session',
    params: { ...SESSION, request: { agent: 'build', command: 'git status --short' } },
  },
  session_status: { method: 'opencode.sessions.status', summary: 'What the sessions do', params: {} },
  session_get: { method: 'opencode.sessions.get', summary: 'Look at a session', params: SESSION },
  session_children: { method: 'opencode.sessions.children', summary: 'The sessions of its sub-agents', params: SESSION },
  session_todo: { method: 'opencode.sessions.todo', summary: 'What the agent has to do', params: SESSION },
  session_diff: { method: 'opencode.sessions.diff', summary: 'What the agent changed', params: { ...SESSION, message_id: 'msg_1' } },
  session_message: {
    method: 'opencode.sessions.messages.get',
    summary: 'Look at a message',
    params: { ...SESSION, message_id: 'msg_1' },
  },
  providers_list: { method: 'opencode.providers.list', summary: 'List providers', params: {} },
  models_list: { method: 'opencode.models.list', summary: 'List the models of a provider', params: { provider_id: 'openai' } },
  permission_reply: {
    method: 'a2a.interrupt.permission.reply',
    summary: 'Answer a permission',
    params: { request_id: 'per_1', reply: 'once' },
  },
  question_reply: {
    method: 'a2a.interrupt.question.reply',
    summary: 'Answer a question',
    params: { request_id: 'que_1', answers: [['answer']] },
  },
  question_reject: { method: 'a2a.interrupt.question.reject', summary: 'Dismiss a question', params: { request_id: 'que_1' } },
  permissions_list: { method: 'opencode.permissions.list', summary: 'Permissions that wait for an answer', params: {} },
  questions_list: { method: 'opencode.questions.list', summary: 'Questions that wait for an answer', params: {} },
  projects_list: { method: 'opencode.projects.list', summary: 'List projects', params: {} },
  projects_current: { method: 'opencode.projects.current', summary: 'The project of the workspace', params: {} },
  workspaces_list: { method: 'opencode.workspaces.list', summary: 'List workspaces', params: {} },
  worktrees_list: { method: 'opencode.worktrees.list', summary: 'List worktrees', params: {} },
};

/** A request for every method that there is under the settings. */
export function jsonRpcExamples(context: ContractContext): Examples {
  const methods = new Set(supportedMethods(context));
  const told = Object.entries({ ...LEGACY, ...CURRENT, ...EXTENSIONS }).filter(([, { method }]) => methods.has(method));
  return Object.fromEntries(
    told.map(([name, { method, summary, params }], index) => [name, { summary, value: { jsonrpc: '2.0', id: index + 1, method, params } }]),
  );
}
