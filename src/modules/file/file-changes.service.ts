import { Injectable } from '@nestjs/common';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { KeyedLock } from '../../common/streams/keyed-lock.js';
import { ChangeJournal } from './change-journal.js';
import type { FileChange, FileChanges, Manifest, SeenFile } from './file-changes.model.js';
import { notMounted } from './file-errors.js';
import type { FileInfo } from './file.model.js';
import { FileService } from './file.service.js';
import { decodeText } from './text.js';

/** What others make and nobody reviews; OpenCode does not look into them either. */
const LEFT_OUT = ['.git', 'node_modules'];
const MAX_FILES = 100_000;
const PAGE_SIZE = 10_000;
/** A larger file's content is not told. */
const MAX_CONTENT_BYTES = 256 * 1_024;
/** Of all contents that are kept to be told as old ones. */
const MAX_KEPT_CHARACTERS = 16 * 1_024 * 1_024;
/** Of all contents in one answer. */
const MAX_TOLD_CHARACTERS = 2 * 1_024 * 1_024;
const BOUNDS = { maxSteps: 100, maxChanges: 200_000, maxContent: MAX_KEPT_CHARACTERS };

/**
 * What changed in the workspace, whoever changed it. Knows no transport.
 *
 * Versions are made by looking, when somebody asks: nothing watches in between, and none outlives the process.
 */
@Injectable()
export class FileChangesService {
  private readonly lock = new KeyedLock();
  private journal: ChangeJournal | undefined;

  constructor(private readonly files: FileService) {}

  /**
   * What changed since a version; with an empty one nothing, just the current version.
   *
   * @throws GatewayError FAILED_PRECONDITION, reason VERSION_UNKNOWN: list the files and go on from the current version;
   * reasons TOO_MANY_FILES and WORKSPACE_NOT_MOUNTED
   */
  async since(version: string): Promise<FileChanges> {
    return this.lock.run('workspace', async () => {
      const journal = await this.look();
      const changes = version === '' ? [] : journal.since(version);
      if (changes !== undefined) return { changes: limitContents(changes), currentVersion: journal.version };
      throw new GatewayError('FAILED_PRECONDITION', 'since_version is not known, or no longer', {
        reason: 'VERSION_UNKNOWN',
        metadata: { currentVersion: journal.version },
      });
    });
  }

  private async look(): Promise<ChangeJournal> {
    const manifest = await this.readManifest(this.journal?.present ?? new Map<string, SeenFile>());
    if (this.journal === undefined) this.journal = new ChangeJournal(manifest, BOUNDS);
    else this.journal.advance(manifest, Date.now());
    return this.journal;
  }

  /** Files that are as they were keep what is known of them, so only new and changed ones are read. */
  private async readManifest(known: Manifest): Promise<Manifest> {
    const manifest = new Map<string, SeenFile>();
    const query = { path: '', recursive: true, patterns: [], excludePatterns: LEFT_OUT, pageSize: PAGE_SIZE };
    let kept = 0;
    for (let pageToken: string | undefined = ''; pageToken !== undefined;) {
      const page = await this.files.list(undefined, { ...query, pageToken });
      for (const info of page.files.filter(({ isDirectory }) => !isDirectory)) {
        if (info.etag === '') throw notMounted();
        const before = known.get(info.path);
        const file = before?.etag === info.etag ? before : await this.see(info, MAX_KEPT_CHARACTERS - kept);
        if (file === undefined) continue;
        kept += file.content?.length ?? 0;
        manifest.set(info.path, file);
      }
      if (manifest.size > MAX_FILES)
        throw new GatewayError('FAILED_PRECONDITION', `The workspace has more than ${MAX_FILES} files`, { reason: 'TOO_MANY_FILES' });
      pageToken = page.nextPageToken || undefined;
    }
    return manifest;
  }

  /** Undefined when it has gone since it was listed. */
  private async see({ path, sizeBytes, etag, modifiedAtMs = 0 }: FileInfo, room: number): Promise<SeenFile | undefined> {
    if (sizeBytes > Math.min(MAX_CONTENT_BYTES, room)) return { etag, modifiedAtMs, content: undefined };
    try {
      const { info, bytes } = await this.files.read(undefined, path, 0, MAX_CONTENT_BYTES);
      // It may have grown since it was listed.
      const isWhole = bytes.length === info.sizeBytes;
      return { etag: info.etag, modifiedAtMs: info.modifiedAtMs ?? 0, content: isWhole ? decodeText(bytes) : undefined };
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code === 'UNAVAILABLE') throw error;
      return error.code === 'NOT_FOUND' ? undefined : { etag, modifiedAtMs, content: undefined };
    }
  }
}

/** The first changes with their contents, the rest without, so that the answer stays a message. */
function limitContents(changes: readonly FileChange[]): FileChange[] {
  let told = 0;
  return changes.map((change) => {
    told += (change.oldContent?.length ?? 0) + (change.newContent?.length ?? 0);
    return told <= MAX_TOLD_CHARACTERS ? change : { ...change, oldContent: undefined, newContent: undefined, contentOmitted: true };
  });
}
