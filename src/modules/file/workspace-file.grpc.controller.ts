import { create } from '@bufbuild/protobuf';
import { EmptySchema, type Empty } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import type {
  GetFileChangesResponse,
  ListFilesResponse,
  ReadFileResponse,
  WriteFileResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { FileChangesService } from './file-changes.service.js';
import { fromWriteFileRequest } from './file.mapper.js';
import { FileService } from './file.service.js';
import {
  DeleteWorkspaceFileDto,
  GetFileChangesDto,
  ListWorkspaceFilesDto,
  ReadWorkspaceFileDto,
  WriteWorkspaceFileDto,
} from './workspace-file.dto.js';
import {
  fromContent,
  fromWorkspaceListRequest,
  toFileChangesResponse,
  toWorkspaceListResponse,
  toWorkspaceReadResponse,
  toWriteFileResponse,
} from './workspace-file.mapper.js';

const SERVICE = 'opencode.v1.OpenCodeService';

@Controller()
export class WorkspaceFileGrpcController {
  constructor(
    private readonly files: FileService,
    private readonly changes: FileChangesService,
  ) {}

  @GrpcMethod(SERVICE, 'ListFiles')
  async listFiles(request: ListWorkspaceFilesDto): Promise<ListFilesResponse> {
    return toWorkspaceListResponse(await this.files.list(undefined, fromWorkspaceListRequest(request)));
  }

  @GrpcMethod(SERVICE, 'ReadFile')
  async readFile({ path, offset, length }: ReadWorkspaceFileDto): Promise<ReadFileResponse> {
    return toWorkspaceReadResponse(await this.files.read(undefined, path, Number(offset), Number(length)));
  }

  @GrpcMethod(SERVICE, 'WriteFile')
  async writeFile(request: WriteWorkspaceFileDto): Promise<WriteFileResponse> {
    return toWriteFileResponse(await this.files.write(undefined, request.path, fromContent(request), fromWriteFileRequest(request)));
  }

  @GrpcMethod(SERVICE, 'DeleteFile')
  async deleteFile(@Payload() { path, ifMatch }: DeleteWorkspaceFileDto, @Caller() caller: Caller): Promise<Empty> {
    await this.files.delete(undefined, path, ifMatch, caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'GetFileChanges')
  async getFileChanges({ sinceVersion }: GetFileChangesDto): Promise<GetFileChangesResponse> {
    return toFileChangesResponse(await this.changes.since(sinceVersion));
  }
}
