import type { JsonObject } from '@bufbuild/protobuf';
import type { A2AVersion } from '../a2a.call.js';
import type { ExtensionErrorType } from '../extension-method.js';
import type { ContractContext } from './contract-context.js';
import { disabledMethods, extensionMethods } from './contract-methods.js';
import { CATALOGUE_ERRORS, ERROR_CODES, INTERRUPT_ERRORS, INVALID_PARAMS, SESSION_ERRORS } from './errors.js';
import type { ExtensionKey } from './extensions.js';
import { FIELDS, placeOf } from './metadata-params.js';
import { PAGINATION, type MethodContract } from './methods.js';

/** A notification has no answer. */
const NOTIFICATION_STATUS = 204;

/** Names by key, as `methods` has them. */
const named = (methods: readonly MethodContract[]): JsonObject => Object.fromEntries(methods.map(({ key, method }) => [key, method]));

function contractOf({ required, optional, unsupported, result, itemsType }: MethodContract): JsonObject {
  return {
    params: {
      ...(required && { required: [...required] }),
      ...(optional && { optional: [...optional] }),
      ...(unsupported && { unsupported: [...unsupported] }),
    },
    result: { fields: [...result], ...(itemsType !== undefined && { items_type: itemsType }) },
    notification_response_status: NOTIFICATION_STATUS,
  };
}

function methodsOf(context: ContractContext, extension: ExtensionKey): JsonObject {
  const methods = extensionMethods(context, extension);
  return { methods: named(methods), method_contracts: Object.fromEntries(methods.map((one) => [one.method, contractOf(one)])) };
}

function codes(types: readonly ExtensionErrorType[], version: A2AVersion): JsonObject {
  const own = types.filter((type) => ERROR_CODES[version][type] !== INVALID_PARAMS);
  return Object.fromEntries(own.map((type) => [type, ERROR_CODES[version][type]]));
}

/** The numbers of the oldest version stand where clients of opencode-a2a-server look for them. */
function errorsOf({ versions }: ContractContext, types: readonly ExtensionErrorType[], fields: JsonObject): JsonObject {
  return {
    business_codes: codes(types, versions[0] ?? '1.0'),
    business_codes_by_version: Object.fromEntries(versions.map((version) => [version, codes(types, version)])),
    error_types: [...types],
    ...fields,
  };
}

/** Which directory of the workspace a call is about. */
const DIRECTORY = {
  supported_metadata: ['opencode.directory'],
  provider_private_metadata: ['opencode.directory'],
  context_fields: { directory: FIELDS.directory },
};

export function sessionQueryParams(context: ContractContext): JsonObject {
  const methods = extensionMethods(context, 'session_query');
  const { mode, defaultLimit, maxLimit, behavior, params } = PAGINATION;
  const conditional = [...methods, ...disabledMethods(context)].filter(({ toggle }) => toggle !== undefined);
  return {
    ...methodsOf(context, 'session_query'),
    control_methods: named(methods.filter(({ isControl }) => isControl)),
    control_method_flags: Object.fromEntries(
      conditional.map(({ method, toggle = '' }) => [method, { enabled_by_default: false, config_key: toggle }]),
    ),
    ...placeOf(context),
    pagination: {
      mode,
      default_limit: defaultLimit,
      max_limit: maxLimit,
      behavior,
      params: [...params],
      applies_to: methods.filter(({ isPaged }) => isPaged).map(({ method }) => method),
    },
    errors: errorsOf(context, SESSION_ERRORS, {
      error_data_fields: ['type', 'method', 'session_id', 'upstream_status', 'detail'],
      invalid_params_data_fields: ['type', 'field', 'fields', 'supported', 'unsupported'],
    }),
    context_semantics: {
      a2a_context_id_field: 'contextId',
      a2a_context_id_prefix: 'ctx:opencode-session:',
      upstream_session_id_field: FIELDS.sessionId,
    },
  };
}

const items = (...names: string[]): JsonObject => Object.fromEntries(names.map((name) => [name, `items[].${name}`]));

function catalogueErrors(context: ContractContext): JsonObject {
  return errorsOf(context, CATALOGUE_ERRORS, {
    error_data_fields: ['type', 'method', 'upstream_status', 'detail'],
    invalid_params_data_fields: ['type', 'field', 'fields'],
  });
}

export function providerDiscoveryParams(context: ContractContext): JsonObject {
  return {
    ...methodsOf(context, 'provider_discovery'),
    ...DIRECTORY,
    provider_item_fields: items('provider_id', 'name', 'source', 'connected', 'default_model_id', 'model_count'),
    model_item_fields: items(
      'provider_id',
      'model_id',
      'name',
      'status',
      'context_window',
      'max_output_tokens',
      'supports_reasoning',
      'supports_tool_call',
      'supports_attachments',
      'default',
      'connected',
    ),
    errors: catalogueErrors(context),
    ...placeOf(context),
  };
}

export function workspaceControlParams(context: ContractContext): JsonObject {
  return { ...methodsOf(context, 'workspace_control'), ...DIRECTORY, errors: catalogueErrors(context), ...placeOf(context) };
}

export function interruptRecoveryParams(context: ContractContext): JsonObject {
  return {
    ...methodsOf(context, 'interrupt_recovery'),
    item_fields: items('request_id', 'session_id', 'interrupt_type', 'task_id', 'context_id', 'details', 'expires_at'),
    errors: catalogueErrors(context),
    ...placeOf(context),
  };
}

export function interruptCallbackParams(context: ContractContext): JsonObject {
  return {
    ...methodsOf(context, 'interrupt_callback'),
    supported_interrupt_events: ['permission.asked', 'question.asked'],
    permission_reply_values: ['once', 'always', 'reject'],
    question_reply_contract: { answers: 'array of answer arrays (same order as asked questions)' },
    request_id_field: `${FIELDS.interrupt}.request_id`,
    ...DIRECTORY,
    success_result_fields: ['ok', 'request_id'],
    errors: errorsOf(context, INTERRUPT_ERRORS, {
      error_data_fields: ['type', 'request_id', 'upstream_status'],
      invalid_params_data_fields: ['type', 'field', 'fields', 'request_id', 'expected', 'actual'],
    }),
    ...placeOf(context),
  };
}
