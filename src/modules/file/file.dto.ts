import { Max, Min, ValidateBy } from 'class-validator';
import type {
  DeleteFileRequest,
  FindFilesRequest,
  ListFilesRequest,
  ReadFileRequest,
  SearchTextRequest,
  WriteFileRequest,
} from '../../common/grpc/generated/file_pb.js';
import { IsPageSize, IsSessionId, IsShortText } from '../../common/validation/ids.js';

export const MAX_ETAGS_LENGTH = 4_096;
export const MAX_TOKEN_LENGTH = 8_192;

/** A 64-bit position or length in a file. */
export const IsByteCount = (): PropertyDecorator =>
  ValidateBy({
    name: 'byteCount',
    validator: {
      validate: (value) => typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER),
      defaultMessage: () => 'must not be negative, and at most 2^53 - 1',
    },
  });

export const AreGlobs = (): PropertyDecorator =>
  ValidateBy({
    name: 'globs',
    validator: {
      validate: (value) => Array.isArray(value) && value.length <= 100,
      defaultMessage: () => 'must hold at most 100 patterns',
    },
  });

/** 0 (the default) to a limit. */
export const IsUpTo =
  (limit: number): PropertyDecorator =>
  (target, property) => {
    Min(0, { message: 'must not be negative' })(target, property);
    Max(limit, { message: `must be at most ${limit}` })(target, property);
  };

/** Text of one line, for a search. */
const IsQuery = (): PropertyDecorator =>
  ValidateBy({
    name: 'query',
    validator: {
      validate: (value) => typeof value === 'string' && value !== '' && value.length <= 1_000 && !value.includes('\0'),
      defaultMessage: () => 'must have 1 to 1000 characters, and no NUL',
    },
  });

export class ListFilesDto implements Omit<ListFilesRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  path: string;

  recursive: boolean;

  @AreGlobs()
  patterns: string[];

  @AreGlobs()
  excludePatterns: string[];

  @IsPageSize()
  pageSize: number;

  @IsShortText(MAX_TOKEN_LENGTH)
  pageToken: string;
}

/** Paths are checked by the service: all of them, wherever they come from. */
export class ReadFileDto implements Omit<ReadFileRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  path: string;

  @IsByteCount()
  offset: bigint;

  @IsByteCount()
  length: bigint;
}

export class WriteFileDto implements Omit<WriteFileRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  path: string;

  data: Uint8Array;

  createDirs: boolean;

  @IsShortText(MAX_ETAGS_LENGTH)
  ifMatch: string;

  mustCreate: boolean;
}

export class DeleteFileDto implements Omit<DeleteFileRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  path: string;

  @IsShortText(MAX_ETAGS_LENGTH)
  ifMatch: string;
}

export class FindFilesDto implements Omit<FindFilesRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsQuery()
  query: string;

  @IsUpTo(100)
  limit: number;
}

export class SearchTextDto implements Omit<SearchTextRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsQuery()
  pattern: string;

  @IsUpTo(1_000)
  limit: number;
}
