import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { OpencodePool } from '../../../common/opencode/opencode.pool.js';
import { ExtensionError } from '../extension-method.js';
import { EXTENSION_OPTIONS, type ExtensionOptions } from './extension.options.js';

export const DIRECTORY_FIELD = 'metadata.opencode.directory';

interface Metadata {
  readonly opencode?: { readonly directory?: string | undefined } | undefined;
}

/** Which directories callers may name: inside the workspace, symbolic links resolved, and only where the deployment lets them. */
@Injectable()
export class DirectoryGuard {
  constructor(
    private readonly pool: OpencodePool,
    @Inject(EXTENSION_OPTIONS) private readonly options: Pick<ExtensionOptions, 'allowsDirectoryOverride'>,
  ) {}

  /** The directory that a call names in its metadata; undefined when it names none. @throws ExtensionError INVALID_FIELD */
  ofMetadata(metadata: Metadata | undefined): string | undefined {
    return this.resolve(metadata?.opencode?.directory, DIRECTORY_FIELD);
  }

  /** The real path of a directory, absolute or relative to the workspace. @throws ExtensionError INVALID_FIELD naming `field` */
  resolve(directory: string | undefined, field: string): string | undefined {
    if (directory === undefined || directory.trim() === '') return undefined;
    const { workspace } = this.pool.forDirectory(directory);
    const path = toRealPath(() => workspace.resolveDirectory(directory), field);
    if (path === workspace.root || this.options.allowsDirectoryOverride) return path;
    throw new ExtensionError('INVALID_FIELD', 'Directory override is disabled by service configuration', { field });
  }
}

function toRealPath(resolve: () => string, field: string): string {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw new ExtensionError('INVALID_FIELD', `${field} ${error.violations[0]?.description ?? 'is not valid'}`, { field });
  }
}
