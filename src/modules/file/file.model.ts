import type { Readable } from 'node:stream';

/** A file or a directory. Its path is relative to the directory that was asked about. */
export interface FileInfo {
  readonly path: string;
  readonly isDirectory: boolean;
  /** 0 for a directory. */
  readonly sizeBytes: number;
  /** Undefined where a remote OpenCode does not tell. */
  readonly modifiedAtMs: number | undefined;
  /** By the name; empty for a directory. */
  readonly mimeType: string;
  /** Changes with every write; empty for a directory, and where a remote OpenCode does not tell. */
  readonly etag: string;
}

/** Whose files: those of a session's directory, or of the workspace. */
export type FileScope = string | undefined;

export interface FileQuery {
  readonly path: string;
  readonly recursive: boolean;
  readonly patterns: readonly string[];
  readonly excludePatterns: readonly string[];
  readonly pageSize: number;
  readonly pageToken: string;
}

export interface FilePage {
  readonly files: readonly FileInfo[];
  readonly nextPageToken: string;
}

/** A file held open: what is read belongs to the `info`, even when the path means another file by then. */
export interface OpenFile {
  readonly info: FileInfo;
  read(offset: number, length: number): Promise<Buffer>;
  /** Closes the file at its end, or when it is destroyed. Fails when the file turns out shorter. */
  stream(offset: number, length: number): Readable;
  close(): Promise<void>;
}

/** Bytes to write, all at once or as they come. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>;

export interface WriteOptions {
  readonly createDirs: boolean;
  /** Etags of which the file must have one, comma-separated; `*` for any; empty: no condition. */
  readonly ifMatch: string;
  /** The file must not be there. */
  readonly mustCreate: boolean;
}

export interface TextMatch {
  readonly path: string;
  /** From 1. */
  readonly lineNumber: number;
  readonly line: string;
}

export interface TextMatches {
  readonly matches: readonly TextMatch[];
  /** There were more. */
  readonly truncated: boolean;
}

/**
 * The files below one directory.
 *
 * Every method throws GatewayError INVALID_ARGUMENT for a path that is none, NOT_FOUND for what is missing, and
 * PERMISSION_DENIED for what leads outside.
 */
export interface FileTree {
  list(query: FileQuery): Promise<FilePage>;
  open(path: string): Promise<OpenFile>;
  write(path: string, content: FileContent, options: WriteOptions): Promise<FileInfo>;
  /** A file, a link or an empty directory. */
  delete(path: string, ifMatch: string): Promise<void>;
  search(pattern: string, limit: number): Promise<TextMatches>;
}
