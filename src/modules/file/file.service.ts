import { relative, sep } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { pathWithRipgrep } from '../../common/opencode/opencode.binary.js';
import { ENVIRONMENT } from '../../common/opencode/opencode.module.js';
import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { SessionService } from '../session/session.service.js';
import { parsePath } from './file-path.js';
import type { FileContent, FileInfo, FilePage, FileQuery, FileScope, FileTree, OpenFile, TextMatches, WriteOptions } from './file.model.js';
import { LocalTree } from './local-tree.js';
import { RemoteTree } from './remote-tree.js';

/** Left for the other fields of a message, and for base64 on the way. */
const MESSAGE_OVERHEAD_BYTES = 16 * 1_024;

const DEFAULT_FOUND = 20;
const DEFAULT_MATCHES = 100;

/**
 * Files of the workspace or of a session's directory, as they are. Knows no transport.
 *
 * Where the gateway shares the file system with OpenCode it works on it directly, else over OpenCode's routes, which
 * cannot write. Every method throws GatewayError NOT_FOUND for an unknown session, and what its tree throws.
 */
@Injectable()
export class FileService {
  private readonly audit = new Audit();
  private readonly searchPath: string | undefined;

  constructor(
    private readonly pool: OpencodePool,
    private readonly sessions: SessionService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(ENVIRONMENT) environment: NodeJS.ProcessEnv,
  ) {
    this.searchPath = pathWithRipgrep(environment['PATH']);
  }

  async list(scope: FileScope, query: FileQuery): Promise<FilePage> {
    return (await this.tree(scope)).list(query);
  }

  /** Held open for who reads it in pieces; the reader closes it. */
  async open(scope: FileScope, path: string): Promise<OpenFile> {
    return (await this.tree(scope)).open(path);
  }

  /**
   * Bytes of a file, at most what one message carries.
   *
   * @throws GatewayError FAILED_PRECONDITION, reason MESSAGE_TOO_LARGE, for more
   */
  async read(scope: FileScope, path: string, offset: number, length: number): Promise<{ readonly info: FileInfo; readonly bytes: Buffer }> {
    const file = await this.open(scope, path);
    try {
      const wanted = length === 0 ? file.info.sizeBytes : length;
      const maxBytes = this.config.MAX_REQUEST_BYTES - MESSAGE_OVERHEAD_BYTES;
      if (Math.min(wanted, file.info.sizeBytes - offset) > maxBytes) throw messageTooLarge(path, maxBytes);
      return { info: file.info, bytes: await file.read(offset, wanted) };
    } finally {
      await file.close();
    }
  }

  async write(scope: FileScope, path: string, content: FileContent, options: WriteOptions): Promise<FileInfo> {
    return (await this.tree(scope)).write(path, content, options);
  }

  async delete(scope: FileScope, path: string, ifMatch: string, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'file.delete', target: `${scope ?? 'workspace'}/${path}`, by }, 'done', async () =>
      (await this.tree(scope)).delete(path, ifMatch),
    );
  }

  /** Paths whose letters contain those of the query in order, the best match first: as OpenCode's own clients find files. */
  async find(sessionId: string, query: string, limit: number): Promise<string[]> {
    const { directory } = await this.sessions.get(sessionId);
    const paths = await this.pool.forSession(sessionId).files.find(directory, query, limit || DEFAULT_FOUND);
    return paths.filter(isInside);
  }

  /** Lines that match a regular expression. @throws GatewayError INVALID_ARGUMENT; FAILED_PRECONDITION, reason RIPGREP_MISSING */
  async search(sessionId: string, pattern: string, limit: number): Promise<TextMatches> {
    const { matches, truncated } = await (await this.tree(sessionId)).search(pattern, limit || DEFAULT_MATCHES);
    return { matches: matches.filter(({ path }) => isInside(path)), truncated };
  }

  private async tree(scope: FileScope): Promise<FileTree> {
    if (scope === undefined) {
      const member = this.pool.forDirectory(undefined);
      return this.treeAt(member, member.workspace.root);
    }
    return this.treeAt(this.pool.forSession(scope), (await this.sessions.get(scope)).directory);
  }

  private treeAt({ files, workspace }: OpencodeMember, directory: string): FileTree {
    if (!workspace.isMounted) return new RemoteTree(files, directory, this.config.MAX_REQUEST_BYTES);
    return new LocalTree({
      root: workspace.root,
      base: relative(workspace.root, directory)
        .split(sep)
        .filter((name) => name !== ''),
      maxFileBytes: this.config.MAX_FILE_BYTES,
      searchPath: this.searchPath,
    });
  }
}

function messageTooLarge(path: string, maxBytes: number): GatewayError {
  return new GatewayError(
    'FAILED_PRECONDITION',
    `${path} is larger than the ${maxBytes} bytes of one message: read parts with offset and length, or over REST the raw bytes with Accept: application/octet-stream`,
    { reason: 'MESSAGE_TOO_LARGE' },
  );
}

/** What an upstream says is a path of ours is looked at like any other. */
function isInside(path: string): boolean {
  try {
    return parsePath(path).length > 0;
  } catch {
    return false;
  }
}
