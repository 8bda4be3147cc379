import type { Config } from '../../../common/config/config.js';
import { A2A_VERSIONS, type A2AVersion } from '../a2a.call.js';
import { contractContext } from '../contracts/contract-context.js';
import { coreContract } from '../contracts/core.js';

/** Injection token of the ExtensionOptions. */
export const EXTENSION_OPTIONS = Symbol('EXTENSION_OPTIONS');

/** What the deployment says of the extension methods. */
export interface ExtensionOptions {
  readonly allowsDirectoryOverride: boolean;
  readonly allowsShell: boolean;
  /** Methods of A2A itself, for the list of what is supported. */
  readonly coreMethods: Readonly<Record<A2AVersion, readonly string[]>>;
  /** As they are told to callers. */
  readonly protocolVersions: Readonly<Record<A2AVersion, string>>;
}

export function toExtensionOptions(config: Config): ExtensionOptions {
  const { shell, directoryOverride, push, protocolVersion } = contractContext(config);
  const [legacy, current] = A2A_VERSIONS;
  return {
    allowsDirectoryOverride: directoryOverride,
    allowsShell: shell,
    coreMethods: { [legacy]: coreContract(legacy, push).jsonrpcMethods, [current]: coreContract(current, push).jsonrpcMethods },
    protocolVersions: { [legacy]: protocolVersion, [current]: current },
  };
}
