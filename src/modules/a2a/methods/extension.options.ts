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
