import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { OpencodeFiles } from '../../common/opencode/opencode.files.js';
import { fromPageToken, toPageToken } from '../../common/validation/page-token.js';
import { gitIsRefused, notADirectory, notAFile } from './file-errors.js';
import { mimeTypeOf } from './file-info.js';
import { isGitPath, parseDirectoryPath, parsePath } from './file-path.js';
import { counted } from './file-writing.js';
import { compileGlobs } from './glob.js';
import { changeRemotely, type Known } from './remote-writing.js';
import type { FileContent, FileInfo, FilePage, FileQuery, FileTree, OpenFile, TextMatches, WriteOptions } from './file.model.js';

/** Directories asked for in one list: each is a call to OpenCode. */
const MAX_DIRECTORIES = 1_000;
/** Matches that OpenCode gives at most. */
const MAX_MATCHES = 10;
/** Finds nothing, unless searching itself fails. */
const PROBE = '[^\\s\\S]';

/** A file that was read whole. */
class ReadFile implements OpenFile {
  readonly info: FileInfo;

  constructor(
    path: string,
    private readonly bytes: Buffer,
  ) {
    const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
    this.info = { path, isDirectory: false, sizeBytes: bytes.length, modifiedAtMs: undefined, mimeType: mimeTypeOf(path), etag };
  }

  read(offset: number, length: number): Promise<Buffer> {
    return Promise.resolve(this.bytes.subarray(offset, offset + length));
  }

  stream(offset: number, length: number): Readable {
    return Readable.from([this.bytes.subarray(offset, offset + length)]);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Files of a directory that only OpenCode sees, by what its routes can do: no times, no links, writing of text alone.
 *
 * OpenCode confines paths itself, and answers 500 for whatever it does not give.
 */
export class RemoteTree implements FileTree {
  constructor(
    private readonly files: OpencodeFiles,
    private readonly directory: string,
    private readonly maxFileBytes: number,
  ) {}

  async list(query: FileQuery): Promise<FilePage> {
    const after = fromPageToken(query.pageToken) ?? '';
    const isWanted = query.patterns.length === 0 ? () => true : compileGlobs('patterns', query.patterns);
    const isExcluded = compileGlobs('exclude_patterns', query.excludePatterns);
    const prefix = parseDirectoryPath(query.path)
      .map((name) => `${name}/`)
      .join('');
    const found = await this.entriesBelow(query, prefix, isExcluded);
    const files = found
      .map((info) => ({ info, below: info.path.slice(prefix.length) }))
      .filter(({ below }) => below > after && isWanted(below) && !isExcluded(below))
      .sort((a, b) => (a.below < b.below ? -1 : 1));
    const page = files.slice(0, query.pageSize);
    const last = page.at(-1)?.below ?? '';
    return { files: page.map(({ info }) => info), nextPageToken: files.length > page.length ? toPageToken(last) : '' };
  }

  async open(path: string): Promise<OpenFile> {
    const names = parsePath(path);
    try {
      return new ReadFile(path, await this.files.read(this.directory, path, this.maxFileBytes));
    } catch (error) {
      if (!isUnexplained(error)) throw error;
      const siblings = await this.files.list(this.directory, names.slice(0, -1).join('/')).catch(() => []);
      throw siblings.some((entry) => entry.path === `${path}/`) ? notAFile(path) : GatewayError.notFound('file', path);
    }
  }

  async write(path: string, content: FileContent, options: WriteOptions): Promise<FileInfo> {
    if (isGitPath(parsePath(path))) throw gitIsRefused();
    const present = await this.find(path);
    if (present === undefined && !options.createDirs) await this.requireParent(path);
    const chunks: Uint8Array[] = [];
    for await (const chunk of counted(content, this.maxFileBytes)) chunks.push(chunk);
    const wanted = Buffer.concat(chunks);
    await changeRemotely(this.files, this.directory, { path, present, wanted, options });
    const written = await this.find(path);
    if (written?.bytes.equals(wanted) !== true) throw new GatewayError('ABORTED', `${path} was not written`, { reason: 'FILE_CHANGED' });
    return written.info;
  }

  async delete(path: string, ifMatch: string): Promise<void> {
    if (isGitPath(parsePath(path))) throw gitIsRefused();
    const present = await this.find(path);
    if (present === undefined) throw GatewayError.notFound('file', path);
    const options = { ifMatch, mustCreate: false };
    await changeRemotely(this.files, this.directory, { path, present, wanted: undefined, options });
  }

  /** OpenCode does not say why a search failed: one that cannot fail by its pattern tells. */
  async search(pattern: string, limit: number): Promise<TextMatches> {
    try {
      const found = await this.files.findText(this.directory, pattern);
      const matches = found.map(({ path, lines, line_number }) => ({
        path: path.text,
        lineNumber: line_number,
        line: lines.text.trimEnd(),
      }));
      return { matches: matches.slice(0, limit), truncated: found.length >= Math.min(MAX_MATCHES, limit + 1) };
    } catch (error) {
      if (!isUnexplained(error)) throw error;
      await this.files.findText(this.directory, PROBE).catch((cause: unknown) => {
        throw new GatewayError('FAILED_PRECONDITION', 'OpenCode cannot search: it has no ripgrep', { reason: 'RIPGREP_MISSING', cause });
      });
      throw GatewayError.invalid('pattern', 'is not a regular expression of ripgrep');
    }
  }

  private async find(path: string): Promise<Known | undefined> {
    try {
      const file = await this.open(path);
      return { info: file.info, bytes: await file.read(0, file.info.sizeBytes) };
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  /** git makes directories as it needs them. @throws GatewayError NOT_FOUND */
  private async requireParent(path: string): Promise<void> {
    const parent = path.split('/').slice(0, -1).join('/');
    if (parent === '') return;
    await this.files.list(this.directory, parent).catch((error: unknown) => {
      throw isUnexplained(error) ? GatewayError.notFound('directory', parent) : error;
    });
  }

  private async entriesBelow({ path, recursive }: FileQuery, prefix: string, isExcluded: (path: string) => boolean): Promise<FileInfo[]> {
    const found: FileInfo[] = [];
    const waiting = [prefix.slice(0, -1)];
    for (let calls = 0; waiting.length > 0; calls += 1) {
      if (calls === MAX_DIRECTORIES)
        throw new GatewayError('RESOURCE_EXHAUSTED', `${path}: more than ${MAX_DIRECTORIES} directories`, { reason: 'TOO_MANY_FILES' });
      const directory = waiting.pop() ?? '';
      const entries = await this.files.list(this.directory, directory).catch((error: unknown) => {
        throw isUnexplained(error) ? notADirectory(directory) : error;
      });
      for (const entry of entries) {
        const isDirectory = entry.path.endsWith('/');
        const info = toInfo(isDirectory ? entry.path.slice(0, -1) : entry.path, isDirectory);
        found.push(info);
        if (recursive && isDirectory && !isExcluded(info.path.slice(prefix.length))) waiting.push(info.path);
      }
    }
    return found;
  }
}

function toInfo(path: string, isDirectory: boolean): FileInfo {
  return { path, isDirectory, sizeBytes: 0, modifiedAtMs: undefined, mimeType: isDirectory ? '' : mimeTypeOf(path), etag: '' };
}

function isUnexplained(error: unknown): boolean {
  return error instanceof GatewayError && error.reason === 'OPENCODE_FAILED';
}
