import type { Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../../../common/config/config.js';
import { coreContract } from '../contracts/core.js';
import { ClosedAsks } from './closed-asks.js';
import { DirectoryGuard } from './directory.guard.js';
import { ExtensionDispatcher } from './extension.dispatcher.js';
import { ExtensionMethods, METHOD_FAMILIES, type MethodFamily } from './extension.methods.js';
import { EXTENSION_OPTIONS, type ExtensionOptions } from './extension.options.js';
import { InterruptsControl } from './interrupts.control.js';
import { InterruptsQuery } from './interrupts.query.js';
import { ProvidersQuery } from './providers.query.js';
import { SessionCheck } from './session.check.js';
import { SessionsControl } from './sessions.control.js';
import { SessionsList } from './sessions.list.js';
import { SessionsQuery } from './sessions.query.js';
import { WorkspaceQuery } from './workspace.query.js';

/** In the order in which their methods are listed. */
const families = [SessionsList, SessionsControl, ProvidersQuery, InterruptsControl, SessionsQuery, InterruptsQuery, WorkspaceQuery];

export function toExtensionOptions(config: Config): ExtensionOptions {
  return {
    allowsDirectoryOverride: config.A2A_ALLOW_DIRECTORY_OVERRIDE,
    allowsShell: config.ENABLE_SESSION_SHELL || config.A2A_ENABLE_SESSION_SHELL,
    coreMethods: { '0.3': coreContract('0.3', config.A2A_PUSH).jsonrpcMethods, '1.0': coreContract('1.0', config.A2A_PUSH).jsonrpcMethods },
  };
}

/** All that the extension methods are made of. */
export const METHOD_PROVIDERS: Provider[] = [
  ...families,
  ClosedAsks,
  DirectoryGuard,
  SessionCheck,
  ExtensionMethods,
  ExtensionDispatcher,
  { provide: EXTENSION_OPTIONS, inject: [CONFIG], useFactory: toExtensionOptions },
  { provide: METHOD_FAMILIES, inject: families, useFactory: (...all: MethodFamily[]) => all },
];
