import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  FileChangeType,
  GetFileChangesResponseSchema,
  ListFilesResponseSchema,
  ReadFileResponseSchema,
  WriteFileResponseSchema,
  type GetFileChangesResponse,
  type ListFilesResponse,
  type ReadFileResponse,
  type WriteFileRequest,
  type WriteFileResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { FileChanges } from './file-changes.model.js';
import { fromListFilesRequest, toFileFields } from './file.mapper.js';
import type { FileInfo, FilePage, FileQuery } from './file.model.js';
import { decodeText } from './text.js';

const PAGE_SIZE = 10_000;

const CHANGE_TYPES = {
  created: FileChangeType.CREATED,
  modified: FileChangeType.MODIFIED,
  deleted: FileChangeType.DELETED,
} as const;

export function fromWorkspaceListRequest(request: FileQuery): FileQuery {
  return fromListFilesRequest(request, PAGE_SIZE);
}

/** The bytes to write. @throws GatewayError INVALID_ARGUMENT when both fields are set */
export function fromContent({ content, data }: Pick<WriteFileRequest, 'content' | 'data'>): Uint8Array {
  if (content !== '' && data.length > 0) throw GatewayError.invalid('data', 'must be empty when content is set');
  return content === '' ? data : Buffer.from(content);
}

export function toWorkspaceListResponse({ files, nextPageToken }: FilePage): ListFilesResponse {
  return create(ListFilesResponseSchema, { files: files.map(toFileFields), nextPageToken });
}

/** As text where the bytes are text, else as they are. */
export function toWorkspaceReadResponse({ info, bytes }: { readonly info: FileInfo; readonly bytes: Uint8Array }): ReadFileResponse {
  const content = decodeText(bytes);
  return create(ReadFileResponseSchema, { fileInfo: toFileFields(info), ...(content === undefined ? { data: bytes } : { content }) });
}

export function toWriteFileResponse(info: FileInfo): WriteFileResponse {
  return create(WriteFileResponseSchema, { fileInfo: toFileFields(info) });
}

export function toFileChangesResponse({ changes, currentVersion }: FileChanges): GetFileChangesResponse {
  return create(GetFileChangesResponseSchema, {
    changes: changes.map(({ path, type, oldContent, newContent, atMs, contentOmitted }) => ({
      path,
      type: CHANGE_TYPES[type],
      oldContent: oldContent ?? '',
      newContent: newContent ?? '',
      timestamp: timestampFromMs(atMs),
      contentOmitted,
    })),
    currentVersion,
  });
}
