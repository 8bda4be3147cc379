import type { Provider } from '@nestjs/common';
import { CONFIG } from '../../../common/config/config.js';
import { ClosedAsks } from './closed-asks.js';
import { DirectoryGuard } from './directory.guard.js';
import { ExtensionDispatcher } from './extension.dispatcher.js';
import { ExtensionMethods, METHOD_FAMILIES, type MethodFamily } from './extension.methods.js';
import { EXTENSION_OPTIONS, toExtensionOptions } from './extension.options.js';
import { InterruptsControl } from './interrupts.control.js';
import { InterruptsQuery } from './interrupts.query.js';
import { ProvidersQuery } from './providers.query.js';
import { SessionCheck } from './session.check.js';
import { SessionsControl } from './sessions.control.js';
import { SessionsList } from './sessions.list.js';
import { SessionsQuery } from './sessions.query.js';
import { WorkspaceQuery } from './workspace.query.js';

/** In the order in which their methods are listed: that of the contracts. */
const families = [SessionsList, SessionsControl, SessionsQuery, ProvidersQuery, InterruptsControl, InterruptsQuery, WorkspaceQuery];

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
