import type { ExtensionKey } from './extensions.js';

const DIRECTORY = 'metadata.opencode.directory';
/** Reading takes it beside the metadata, too. */
const PLACE = ['directory', DIRECTORY];

/** Parameters that may also stand in `query`. */
const withQuery = (...names: string[]): string[] => [...names, ...names.map((name) => `query.${name}`)];

/** The pages of lists of sessions and messages. */
export const PAGINATION = {
  mode: 'limit',
  defaultLimit: 20,
  maxLimit: 100,
  behavior: 'passthrough',
  params: ['limit'],
  unsupported: ['cursor', 'page', 'size'],
} as const;

/** What a JSON-RPC method of an extension takes and gives. */
export interface MethodContract {
  /** Its name among the methods of its extension. */
  readonly key: string;
  readonly method: string;
  readonly extension: ExtensionKey;
  readonly required?: readonly string[];
  readonly optional?: readonly string[];
  readonly unsupported?: readonly string[];
  readonly result: readonly string[];
  readonly itemsType?: string;
  /** Changes something, so that it is no mere look. */
  readonly isControl?: true;
  readonly isPaged?: true;
  /** There only when this is on. */
  readonly toggle?: 'A2A_ENABLE_SESSION_SHELL';
}

const SESSIONS: readonly Omit<MethodContract, 'extension'>[] = [
  {
    key: 'list_sessions',
    method: 'opencode.sessions.list',
    optional: withQuery('limit', 'directory', 'roots', 'start', 'search'),
    unsupported: PAGINATION.unsupported,
    result: ['items'],
    itemsType: 'Task[]',
    isPaged: true,
  },
  {
    key: 'get_session_messages',
    method: 'opencode.sessions.messages.list',
    required: ['session_id'],
    optional: withQuery('limit', 'before'),
    unsupported: PAGINATION.unsupported,
    result: ['items', 'next_cursor'],
    itemsType: 'Message[]',
    isPaged: true,
  },
  {
    key: 'prompt_async',
    method: 'opencode.sessions.prompt_async',
    required: ['session_id', 'request.parts'],
    optional: [
      'request.messageID',
      'request.model',
      'request.agent',
      'request.noReply',
      'request.tools',
      'request.format',
      'request.system',
      'request.variant',
      DIRECTORY,
    ],
    result: ['ok', 'session_id'],
    isControl: true,
  },
  {
    key: 'command',
    method: 'opencode.sessions.command',
    required: ['session_id', 'request.command', 'request.arguments'],
    optional: ['request.messageID', 'request.agent', 'request.model', 'request.variant', 'request.parts', DIRECTORY],
    result: ['item'],
    isControl: true,
  },
  {
    key: 'shell',
    method: 'opencode.sessions.shell',
    required: ['session_id', 'request.agent', 'request.command'],
    optional: ['request.model', DIRECTORY],
    result: ['item'],
    isControl: true,
    toggle: 'A2A_ENABLE_SESSION_SHELL',
  },
  { key: 'status', method: 'opencode.sessions.status', optional: PLACE, result: ['items'], itemsType: 'SessionStatusSummary[]' },
  { key: 'get_session', method: 'opencode.sessions.get', required: ['session_id'], optional: PLACE, result: ['item'], itemsType: 'Task' },
  {
    key: 'get_session_children',
    method: 'opencode.sessions.children',
    required: ['session_id'],
    optional: PLACE,
    result: ['items'],
    itemsType: 'Task[]',
  },
  {
    key: 'get_session_todo',
    method: 'opencode.sessions.todo',
    required: ['session_id'],
    optional: PLACE,
    result: ['items'],
    itemsType: 'Todo[]',
  },
  {
    key: 'get_session_diff',
    method: 'opencode.sessions.diff',
    required: ['session_id'],
    optional: ['message_id', ...PLACE],
    result: ['items'],
    itemsType: 'FileDiff[]',
  },
  {
    key: 'get_session_message',
    method: 'opencode.sessions.messages.get',
    required: ['session_id', 'message_id'],
    optional: PLACE,
    result: ['item'],
    itemsType: 'Message',
  },
];

const CATALOGUE: readonly Omit<MethodContract, 'extension'>[] = [
  {
    key: 'list_providers',
    method: 'opencode.providers.list',
    result: ['items', 'default_by_provider', 'connected'],
    itemsType: 'ProviderSummary[]',
  },
  {
    key: 'list_models',
    method: 'opencode.models.list',
    optional: ['provider_id'],
    result: ['items', 'default_by_provider', 'connected'],
    itemsType: 'ModelSummary[]',
  },
];

const INTERRUPTS: readonly Omit<MethodContract, 'extension'>[] = [
  {
    key: 'reply_permission',
    method: 'a2a.interrupt.permission.reply',
    required: ['request_id', 'reply'],
    optional: ['message', 'metadata'],
    result: ['ok', 'request_id'],
  },
  {
    key: 'reply_question',
    method: 'a2a.interrupt.question.reply',
    required: ['request_id', 'answers'],
    optional: ['metadata'],
    result: ['ok', 'request_id'],
  },
  {
    key: 'reject_question',
    method: 'a2a.interrupt.question.reject',
    required: ['request_id'],
    optional: ['metadata'],
    result: ['ok', 'request_id'],
  },
];

const RECOVERY: readonly Omit<MethodContract, 'extension'>[] = [
  { key: 'list_permissions', method: 'opencode.permissions.list', result: ['items'], itemsType: 'InterruptRequest[]' },
  { key: 'list_questions', method: 'opencode.questions.list', result: ['items'], itemsType: 'InterruptRequest[]' },
];

const WORKSPACES: readonly Omit<MethodContract, 'extension'>[] = [
  { key: 'list_projects', method: 'opencode.projects.list', result: ['items'], itemsType: 'Project[]' },
  { key: 'get_current_project', method: 'opencode.projects.current', result: ['item'], itemsType: 'Project' },
  { key: 'list_workspaces', method: 'opencode.workspaces.list', result: ['items'], itemsType: 'Workspace[]' },
  { key: 'list_worktrees', method: 'opencode.worktrees.list', result: ['items'], itemsType: 'string[]' },
];

/** Every method of every extension, in the order in which lists of them tell them. */
export const METHOD_CONTRACTS: readonly MethodContract[] = [
  ...SESSIONS.map((method) => ({ ...method, extension: 'session_query' as const })),
  ...CATALOGUE.map((method) => ({ ...method, extension: 'provider_discovery' as const })),
  ...INTERRUPTS.map((method) => ({ ...method, extension: 'interrupt_callback' as const })),
  ...RECOVERY.map((method) => ({ ...method, extension: 'interrupt_recovery' as const })),
  ...WORKSPACES.map((method) => ({ ...method, extension: 'workspace_control' as const })),
];
