import { Matches } from 'class-validator';
import type {
  DeleteFileRequest,
  GetFileChangesRequest,
  ListFilesRequest,
  ReadFileRequest,
  WriteFileRequest,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { IsShortText } from '../../common/validation/ids.js';
import { AreGlobs, IsByteCount, IsUpTo, MAX_ETAGS_LENGTH, MAX_TOKEN_LENGTH } from './file.dto.js';

export class ListWorkspaceFilesDto implements Omit<ListFilesRequest, '$typeName'> {
  path: string;

  recursive: boolean;

  @AreGlobs()
  patterns: string[];

  @AreGlobs()
  excludePatterns: string[];

  @IsUpTo(10_000)
  pageSize: number;

  @IsShortText(MAX_TOKEN_LENGTH)
  pageToken: string;
}

export class ReadWorkspaceFileDto implements Omit<ReadFileRequest, '$typeName'> {
  path: string;

  @IsByteCount()
  offset: bigint;

  @IsByteCount()
  length: bigint;
}

export class WriteWorkspaceFileDto implements Omit<WriteFileRequest, '$typeName'> {
  path: string;

  content: string;

  createDirs: boolean;

  data: Uint8Array;

  @IsShortText(MAX_ETAGS_LENGTH)
  ifMatch: string;

  mustCreate: boolean;
}

export class DeleteWorkspaceFileDto implements Omit<DeleteFileRequest, '$typeName'> {
  path: string;

  @IsShortText(MAX_ETAGS_LENGTH)
  ifMatch: string;
}

export class GetFileChangesDto implements Omit<GetFileChangesRequest, '$typeName'> {
  @Matches(/^[\w-]{0,64}$/, { message: 'must be a version of GetFileChanges, or empty' })
  sinceVersion: string;
}
