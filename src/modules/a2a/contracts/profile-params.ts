import type { JsonObject } from '@bufbuild/protobuf';
import type { A2AVersion } from '../a2a.call.js';
import type { ContractContext } from './contract-context.js';
import { disabledMethods, extensionMethods, supportedMethods } from './contract-methods.js';
import { coreContract, type CoreContract } from './core.js';
import { METHOD_NOT_FOUND } from './errors.js';
import { EXTENSION_KEYS, EXTENSION_URIS, type ExtensionKey } from './extensions.js';
import { deploymentContext } from './metadata-params.js';
import { METHOD_CONTRACTS, type MethodContract } from './methods.js';

/** What comes over the doors that are open. */
function coreOf({ bindings, push }: ContractContext, version: A2AVersion): CoreContract {
  const core = coreContract(version, push);
  return bindings.http ? core : { ...core, jsonrpcMethods: [], httpEndpoints: [] };
}

function coreParams(context: ContractContext): JsonObject {
  const cores = context.versions.map((version) => [version, coreOf(context, version)] as const);
  return {
    jsonrpc_methods: cores.flatMap(([, core]) => core.jsonrpcMethods),
    http_endpoints: cores.flatMap(([, core]) => core.httpEndpoints),
    grpc_services: context.bindings.grpc ? cores.map(([, core]) => core.grpcService) : [],
    by_version: Object.fromEntries(
      cores.map(([version, core]) => [version, { jsonrpc_methods: [...core.jsonrpcMethods], http_endpoints: [...core.httpEndpoints] }]),
    ),
  };
}

/** Metadata without which messages and streams cannot be told. */
const REQUIRED: ReadonlySet<ExtensionKey> = new Set(['session_binding', 'streaming']);

function extensionRetention(key: ExtensionKey): JsonObject {
  const hasMethods = METHOD_CONTRACTS.some(({ extension }) => extension === key);
  return {
    surface: hasMethods ? 'jsonrpc-extension' : 'core-runtime-metadata',
    availability: 'always',
    retention: REQUIRED.has(key) ? 'required' : 'stable',
  };
}

function methodRetention(method: MethodContract, isOn: boolean): JsonObject {
  const place = { surface: 'extension', extension_uri: EXTENSION_URIS[method.extension] };
  if (method.toggle === undefined) return { ...place, availability: 'always', retention: 'stable' };
  return { ...place, availability: isOn ? 'enabled' : 'disabled', retention: 'deployment-conditional', toggle: method.toggle };
}

/** The two that describe the others. */
const ABOUT_ALL: ReadonlySet<ExtensionKey> = new Set(['compatibility_profile', 'wire_contract']);
const described = EXTENSION_KEYS.filter((key) => !ABOUT_ALL.has(key));

export function compatibilityProfileParams(context: ContractContext): JsonObject {
  const core = context.versions.flatMap((version) => coreOf(context, version).jsonrpcMethods);
  return {
    profile_id: 'opencode-a2a-single-tenant-coding-v1',
    protocol_version: context.protocolVersion,
    protocol_versions: [...context.versions],
    deployment_context: deploymentContext(context),
    core: coreParams(context),
    extension_retention: Object.fromEntries(described.map((key) => [EXTENSION_URIS[key], extensionRetention(key)])),
    method_retention: {
      ...Object.fromEntries(core.map((method) => [method, { surface: 'core', availability: 'always', retention: 'required' }])),
      ...Object.fromEntries(extensionMethods(context).map((one) => [one.method, methodRetention(one, true)])),
      ...Object.fromEntries(disabledMethods(context).map((one) => [one.method, methodRetention(one, false)])),
    },
    consumer_guidance: [
      'The methods of A2A are what generic clients can rely on.',
      'Sessions and tasks are their caller’s own; the files of the workspace are shared by all callers who may use them.',
      'opencode.* methods are of this agent alone; they and a2a.interrupt.* stay as they are within a major version.',
      'Look here before a call of opencode.sessions.shell: it depends on the deployment.',
    ],
  };
}

export function wireContractParams(context: ContractContext): JsonObject {
  const disabled = disabledMethods(context).map(({ method, toggle = '' }) => [method, { reason: 'disabled_by_configuration', toggle }]);
  const { http, grpc } = context.bindings;
  return {
    protocol_version: context.protocolVersion,
    protocol_versions: [...context.versions],
    preferred_transport: http ? 'HTTP+JSON' : 'GRPC',
    additional_transports: http ? ['JSON-RPC', ...(grpc ? ['GRPC'] : [])] : [],
    core: coreParams(context),
    extensions: {
      jsonrpc_methods: http ? extensionMethods(context).map(({ method }) => method) : [],
      conditionally_available_methods: Object.fromEntries(disabled) as JsonObject,
      extension_uris: described.map((key) => EXTENSION_URIS[key]),
    },
    all_jsonrpc_methods: http ? supportedMethods(context) : [],
    unsupported_method_error: {
      code: METHOD_NOT_FOUND,
      type: 'METHOD_NOT_SUPPORTED',
      data_fields: ['type', 'method', 'supported_methods', 'protocol_version'],
    },
  };
}
