import { A2A_VERSIONS, type A2AVersion } from '../a2a.call.js';
import type { ContractContext } from './contract-context.js';
import { coreContract } from './core.js';
import type { ExtensionKey } from './extensions.js';
import { METHOD_CONTRACTS, type MethodContract } from './methods.js';

/** Whether the settings have it; who may call it is another matter. */
function isOn({ toggle }: MethodContract, { shell }: ContractContext): boolean {
  return toggle === undefined || shell;
}

/** The methods of an extension, or of all of them, that there are under these settings. */
export function extensionMethods(context: ContractContext, extension?: ExtensionKey): readonly MethodContract[] {
  return METHOD_CONTRACTS.filter((method) => isOn(method, context) && (extension === undefined || method.extension === extension));
}

/** The methods that other settings would add. */
export function disabledMethods(context: ContractContext): readonly MethodContract[] {
  return METHOD_CONTRACTS.filter((method) => !isOn(method, context));
}

/** Every JSON-RPC method there is in the given versions: what an unknown one is refused with, too. */
export function supportedMethods(context: ContractContext, versions: readonly A2AVersion[] = A2A_VERSIONS): string[] {
  const spoken = context.versions.filter((version) => versions.includes(version));
  return [
    ...spoken.flatMap((version) => coreContract(version, context.push).jsonrpcMethods),
    ...extensionMethods(context).map(({ method }) => method),
  ];
}
