import type { JsonObject } from '@bufbuild/protobuf';
import type { ContractContext } from './contract-context.js';

/** The fields of messages, tasks and events in which extensions speak. */
export const FIELDS = {
  sessionId: 'metadata.shared.session.id',
  session: 'metadata.shared.session',
  model: 'metadata.shared.model',
  stream: 'metadata.shared.stream',
  interrupt: 'metadata.shared.interrupt',
  usage: 'metadata.shared.usage',
  directory: 'metadata.opencode.directory',
  reply: 'metadata.opencode.reply',
} as const;

/** `a` as `<field>.a`, for each name. */
const within = (field: string, ...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, `${field}.${name}`]));

/** What of the deployment callers may rely on. Where on the host it works is not told. */
export function deploymentContext(context: ContractContext): JsonObject {
  const { project, model, agent, variant } = context;
  return {
    allow_directory_override: context.directoryOverride,
    deployment_profile: 'single_tenant_shared_workspace',
    ...sharing,
    session_shell_enabled: context.shell,
    ...(project !== undefined && { project }),
    ...(model !== undefined && { provider_id: model.providerID, model_id: model.modelID }),
    ...(agent !== undefined && { agent }),
    ...(variant !== undefined && { variant }),
  };
}

/** Sessions and tasks are their caller's own; files and settings are everybody's, so there are no tenants. */
const sharing = { shared_workspace_across_consumers: true, tenant_isolation: 'none' };

/** What every extension says of the place in which it works. */
export function placeOf(context: ContractContext): JsonObject {
  return { ...sharing, deployment_context: deploymentContext(context) };
}

export function sessionBindingParams(context: ContractContext): JsonObject {
  return {
    metadata_field: FIELDS.sessionId,
    behavior: 'prefer_metadata_binding_else_create_session',
    supported_metadata: ['shared.session.id', 'opencode.directory'],
    provider_private_metadata: ['opencode.directory'],
    directory_override_enabled: context.directoryOverride,
    ...placeOf(context),
    notes: [
      'With metadata.shared.session.id a message goes to that session, if it is its caller’s own.',
      'Without, it goes to the session of its contextId; for a new context one is made.',
    ],
  };
}

/** The methods that send a message, by version; the first one waits for the answer. */
const SENDING = { '0.3': ['message/send', 'message/stream'], '1.0': ['SendMessage', 'SendStreamingMessage'] };

export function modelSelectionParams(context: ContractContext): JsonObject {
  return {
    metadata_field: FIELDS.model,
    behavior: 'prefer_metadata_model_else_server_default',
    applies_to_methods: context.versions.flatMap((version) => SENDING[version]),
    supported_metadata: ['shared.model.providerID', 'shared.model.modelID'],
    provider_private_metadata: [],
    ...placeOf(context),
    fields: within(FIELDS.model, 'providerID', 'modelID'),
    ...(context.model !== undefined && { default_model: { ...context.model } }),
    notes: [
      'Both parts name the model of this message; the next one has the default again.',
      'Half of it, or what is no text, is as if it were not there.',
    ],
  };
}

export function streamingParams(): JsonObject {
  return {
    artifact_metadata_field: FIELDS.stream,
    status_metadata_field: FIELDS.stream,
    interrupt_metadata_field: FIELDS.interrupt,
    session_metadata_field: FIELDS.session,
    usage_metadata_field: FIELDS.usage,
    block_types: ['text', 'reasoning', 'tool_call'],
    stream_fields: within(FIELDS.stream, 'block_type', 'source', 'message_id', 'event_id', 'sequence', 'role'),
    interrupt_fields: within(FIELDS.interrupt, 'request_id', 'type', 'phase', 'details', 'resolution'),
    usage_fields: {
      ...within(FIELDS.usage, 'input_tokens', 'output_tokens', 'total_tokens', 'reasoning_tokens', 'cost'),
      cache_tokens: within(`${FIELDS.usage}.cache_tokens`, 'read_tokens', 'write_tokens'),
    },
  };
}

export function streamResumeParams(): JsonObject {
  return {
    event_id_field: 'id',
    request_header: 'Last-Event-ID',
    bindings: ['JSONRPC', 'HTTP+JSON'],
    behavior: 'replay_after_event_else_snapshot',
    notes: [
      'Events of streams over HTTP have an id. Who subscribes to the task again with the last one gets what came behind it.',
      'Where that is no longer there, the task as it is comes first, as without the header.',
    ],
  };
}

export function messageReplyParams(context: ContractContext): JsonObject {
  return {
    metadata_field: FIELDS.reply,
    behavior: 'message_when_completed_else_task',
    applies_to_methods: context.versions.flatMap((version) => SENDING[version].slice(0, 1)),
    supported_metadata: ['opencode.reply'],
    provider_private_metadata: ['opencode.reply'],
    values: ['task', 'message'],
    default: 'task',
    notes: [
      'With the value message a send that waits is answered with what the agent said, without the task.',
      'It is answered with the task all the same when that asks for something, does not complete, wrote files, or says nothing.',
    ],
  };
}
