import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  type Empty,
  type FileInfo,
  type FindFilesResponse,
  type ListFilesResponse,
  type ReadFileResponse,
  type SearchTextResponse,
} from '../../common/grpc/generated/file_pb.js';
import { DeleteFileDto, FindFilesDto, ListFilesDto, ReadFileDto, SearchTextDto, WriteFileDto } from './file.dto.js';
import {
  fromListFilesRequest,
  fromWriteFileRequest,
  toFileInfo,
  toFindFilesResponse,
  toListFilesResponse,
  toReadFileResponse,
  toSearchTextResponse,
} from './file.mapper.js';
import { FileService } from './file.service.js';

const SERVICE = 'opencode.file.FileService';

@Controller()
export class FileGrpcController {
  constructor(private readonly files: FileService) {}

  @GrpcMethod(SERVICE, 'ListFiles')
  async listFiles(request: ListFilesDto): Promise<ListFilesResponse> {
    return toListFilesResponse(await this.files.list(request.sessionId, fromListFilesRequest(request)));
  }

  @GrpcMethod(SERVICE, 'ReadFile')
  async readFile({ sessionId, path, offset, length }: ReadFileDto): Promise<ReadFileResponse> {
    return toReadFileResponse(await this.files.read(sessionId, path, Number(offset), Number(length)));
  }

  @GrpcMethod(SERVICE, 'WriteFile')
  async writeFile(request: WriteFileDto): Promise<FileInfo> {
    return toFileInfo(await this.files.write(request.sessionId, request.path, request.data, fromWriteFileRequest(request)));
  }

  @GrpcMethod(SERVICE, 'DeleteFile')
  async deleteFile(@Payload() { sessionId, path, ifMatch }: DeleteFileDto, @Caller() caller: Caller): Promise<Empty> {
    await this.files.delete(sessionId, path, ifMatch, caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'FindFiles')
  async findFiles({ sessionId, query, limit }: FindFilesDto): Promise<FindFilesResponse> {
    return toFindFilesResponse(await this.files.find(sessionId, query, limit));
  }

  @GrpcMethod(SERVICE, 'SearchText')
  async searchText({ sessionId, pattern, limit }: SearchTextDto): Promise<SearchTextResponse> {
    return toSearchTextResponse(await this.files.search(sessionId, pattern, limit));
  }
}
