/** What happened to a file between two versions of the workspace. */
export interface FileChange {
  readonly path: string;
  readonly type: 'created' | 'modified' | 'deleted';
  /** Undefined: there was none, or it is omitted. */
  readonly oldContent: string | undefined;
  readonly newContent: string | undefined;
  /** Of the last write; of a deletion, when it was noticed. */
  readonly atMs: number;
  /** A content that there was is not text, too large or no longer known. */
  readonly contentOmitted: boolean;
}

export interface FileChanges {
  readonly changes: readonly FileChange[];
  readonly currentVersion: string;
}

/** A file as it was seen. */
export interface SeenFile {
  readonly etag: string;
  readonly modifiedAtMs: number;
  /** Undefined: not text, too large, or there was no room. */
  readonly content: string | undefined;
}

/** Files by their path. */
export type Manifest = ReadonlyMap<string, SeenFile>;
