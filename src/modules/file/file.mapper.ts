import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  FileInfoSchema,
  FindFilesResponseSchema,
  ListFilesResponseSchema,
  ReadFileResponseSchema,
  SearchTextResponseSchema,
  type FileInfo as FileInfoMessage,
  type FindFilesResponse,
  type ListFilesResponse,
  type ReadFileResponse,
  type SearchTextResponse,
} from '../../common/grpc/generated/file_pb.js';
import { DEFAULT_PAGE_SIZE } from '../../common/validation/ids.js';
import type { Preconditions } from '../../common/http/raw-request.js';
import type { FileInfo, FilePage, FileQuery, TextMatches, WriteOptions } from './file.model.js';

/** The fields of a file message, the same in both packages. */
export function toFileFields({ path, isDirectory, sizeBytes, modifiedAtMs, mimeType, etag }: FileInfo) {
  const modifiedAt = modifiedAtMs !== undefined && { modifiedAt: timestampFromMs(modifiedAtMs) };
  return { path, isDirectory, size: BigInt(sizeBytes), mimeType, etag, ...modifiedAt };
}

export function toFileInfo(info: FileInfo): FileInfoMessage {
  return create(FileInfoSchema, toFileFields(info));
}

/** The query of a list; `pageSize` 0 means the default. */
export function fromListFilesRequest(request: FileQuery, defaultPageSize = DEFAULT_PAGE_SIZE): FileQuery {
  const { path, recursive, patterns, excludePatterns, pageSize, pageToken } = request;
  return { path, recursive, patterns, excludePatterns, pageToken, pageSize: pageSize === 0 ? defaultPageSize : pageSize };
}

/** What a write asks for, by its fields or by the headers of its request. */
export function fromWriteFileRequest(request: WriteOptions, headers: Preconditions = { ifMatch: '', ifNoneMatch: '' }): WriteOptions {
  return {
    createDirs: request.createDirs,
    ifMatch: request.ifMatch || headers.ifMatch,
    mustCreate: request.mustCreate || headers.ifNoneMatch.trim() === '*',
  };
}

export function toListFilesResponse({ files, nextPageToken }: FilePage): ListFilesResponse {
  return create(ListFilesResponseSchema, { files: files.map(toFileInfo), nextPageToken });
}

export function toReadFileResponse({ info, bytes }: { readonly info: FileInfo; readonly bytes: Uint8Array }): ReadFileResponse {
  return create(ReadFileResponseSchema, { fileInfo: toFileInfo(info), data: bytes });
}

export function toFindFilesResponse(paths: readonly string[]): FindFilesResponse {
  return create(FindFilesResponseSchema, { paths: [...paths] });
}

export function toSearchTextResponse({ matches, truncated }: TextMatches): SearchTextResponse {
  return create(SearchTextResponseSchema, { matches: matches.map((match) => ({ ...match })), truncated });
}
