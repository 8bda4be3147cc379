import type { JsonObject } from '@bufbuild/protobuf';
import type { ContractContext } from './contract-context.js';
import { EXTENSION_DESCRIPTIONS, EXTENSION_KEYS, EXTENSION_URIS, type ExtensionKey } from './extensions.js';
import { messageReplyParams, modelSelectionParams, sessionBindingParams, streamingParams, streamResumeParams } from './metadata-params.js';
import {
  interruptCallbackParams,
  interruptRecoveryParams,
  providerDiscoveryParams,
  sessionQueryParams,
  workspaceControlParams,
} from './method-params.js';
import { compatibilityProfileParams, wireContractParams } from './profile-params.js';

/** What an extension promises under the settings. */
export interface ExtensionContract {
  readonly key: ExtensionKey;
  readonly uri: string;
  readonly description: string;
  readonly params: JsonObject;
}

const PARAMS: Readonly<Record<ExtensionKey, (context: ContractContext) => JsonObject>> = {
  session_binding: sessionBindingParams,
  model_selection: modelSelectionParams,
  streaming: streamingParams,
  session_query: sessionQueryParams,
  provider_discovery: providerDiscoveryParams,
  interrupt_callback: interruptCallbackParams,
  interrupt_recovery: interruptRecoveryParams,
  workspace_control: workspaceControlParams,
  stream_resume: streamResumeParams,
  message_reply: messageReplyParams,
  compatibility_profile: compatibilityProfileParams,
  wire_contract: wireContractParams,
};

/** The extensions as they are told: to the Agent Card, the OpenAPI document and the guide, which say nothing else of them. */
export function extensionContracts(context: ContractContext): readonly ExtensionContract[] {
  return EXTENSION_KEYS.map((key) => ({
    key,
    uri: EXTENSION_URIS[key],
    description: EXTENSION_DESCRIPTIONS[key],
    params: PARAMS[key](context),
  }));
}
