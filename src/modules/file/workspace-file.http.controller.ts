import { create } from '@bufbuild/protobuf';
import { EmptySchema, type Empty } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import {
  OpenCodeService as Rpc,
  type GetFileChangesResponse,
  type ListFilesResponse,
  type ReadFileResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { RawBody, TakesRawBody } from '../../common/http/raw-body.js';
import type { RawReply } from '../../common/http/raw-reply.js';
import { Conditions, Raw, type Preconditions, type RawRequest } from '../../common/http/raw-request.js';
import type { RestReply } from '../../common/http/rest-reply.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { FileChangesService } from './file-changes.service.js';
import { fromWriteFileRequest } from './file.mapper.js';
import { toRawReply, withEtag } from './file.raw.js';
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

@Controller()
export class WorkspaceFileHttpController {
  constructor(
    private readonly files: FileService,
    private readonly changes: FileChangesService,
  ) {}

  @RestRoute(Rpc.method.listFiles)
  async listFiles(@RestRequest() request: ListWorkspaceFilesDto): Promise<ListFilesResponse> {
    return toWorkspaceListResponse(await this.files.list(undefined, fromWorkspaceListRequest(request)));
  }

  @RestRoute(Rpc.method.readFile)
  async readFile(@RestRequest() request: ReadWorkspaceFileDto, @Raw() raw: RawRequest | undefined): Promise<ReadFileResponse | RawReply> {
    const { path, offset, length } = request;
    if (raw !== undefined) return toRawReply(await this.files.open(undefined, path), raw);
    return toWorkspaceReadResponse(await this.files.read(undefined, path, Number(offset), Number(length)));
  }

  @TakesRawBody()
  @RestRoute(Rpc.method.writeFile)
  async writeFile(
    @RestRequest() request: WriteWorkspaceFileDto,
    @RawBody() body: AsyncIterable<Uint8Array> | undefined,
    @Conditions() conditions: Preconditions,
  ): Promise<RestReply> {
    const options = fromWriteFileRequest(request, conditions);
    const info = await this.files.write(undefined, request.path, body ?? fromContent(request), options);
    return withEtag(toWriteFileResponse(info), info);
  }

  @RestRoute(Rpc.method.deleteFile)
  async deleteFile(
    @RestRequest() { path, ifMatch }: DeleteWorkspaceFileDto,
    @Conditions() conditions: Preconditions,
    @Caller() caller: Caller,
  ): Promise<Empty> {
    await this.files.delete(undefined, path, ifMatch || conditions.ifMatch, caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.getFileChanges)
  async getFileChanges(@RestRequest() { sinceVersion }: GetFileChangesDto): Promise<GetFileChangesResponse> {
    return toFileChangesResponse(await this.changes.since(sinceVersion));
  }
}
