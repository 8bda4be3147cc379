import type { Config } from '../../../common/config/config.js';
import type { A2AVersion } from '../a2a.call.js';

/** What of the settings the contracts depend on, and callers may know. */
export interface ContractContext {
  /** In the order of their age. */
  readonly versions: readonly A2AVersion[];
  /** What readers of 0.3 are told. */
  readonly protocolVersion: string;
  readonly bindings: { readonly http: boolean; readonly grpc: boolean };
  readonly shell: boolean;
  readonly directoryOverride: boolean;
  readonly dataParts: boolean;
  readonly push: boolean;
  readonly project: string | undefined;
  readonly model: { readonly providerID: string; readonly modelID: string } | undefined;
  readonly agent: string | undefined;
  readonly variant: string | undefined;
}

export function contractContext(config: Config): ContractContext {
  const { OPENCODE_PROVIDER_ID: providerID, OPENCODE_MODEL_ID: modelID } = config;
  return {
    versions: [...new Set(config.A2A_VERSIONS)].sort(),
    protocolVersion: config.A2A_PROTOCOL_VERSION,
    bindings: { http: config.TRANSPORTS.includes('http'), grpc: config.TRANSPORTS.includes('grpc') },
    shell: config.ENABLE_SESSION_SHELL || config.A2A_ENABLE_SESSION_SHELL,
    directoryOverride: config.A2A_ALLOW_DIRECTORY_OVERRIDE,
    dataParts: config.A2A_DATA_PARTS,
    push: config.A2A_PUSH,
    project: config.A2A_PROJECT,
    model: providerID === undefined || modelID === undefined ? undefined : { providerID, modelID },
    agent: config.OPENCODE_AGENT,
    variant: config.OPENCODE_VARIANT,
  };
}
