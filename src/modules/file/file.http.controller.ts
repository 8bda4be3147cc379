import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  FileService as Rpc,
  type Empty,
  type FindFilesResponse,
  type ListFilesResponse,
  type ReadFileResponse,
  type SearchTextResponse,
} from '../../common/grpc/generated/file_pb.js';
import { RawBody, TakesRawBody } from '../../common/http/raw-body.js';
import type { RawReply } from '../../common/http/raw-reply.js';
import { Conditions, Raw, type Preconditions, type RawRequest } from '../../common/http/raw-request.js';
import type { RestReply } from '../../common/http/rest-reply.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
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
import { toRawReply, withEtag } from './file.raw.js';
import { FileService } from './file.service.js';

@Controller()
export class FileHttpController {
  constructor(private readonly files: FileService) {}

  @RestRoute(Rpc.method.listFiles)
  async listFiles(@RestRequest() request: ListFilesDto): Promise<ListFilesResponse> {
    return toListFilesResponse(await this.files.list(request.sessionId, fromListFilesRequest(request)));
  }

  @RestRoute(Rpc.method.readFile)
  async readFile(@RestRequest() request: ReadFileDto, @Raw() raw: RawRequest | undefined): Promise<ReadFileResponse | RawReply> {
    const { sessionId, path, offset, length } = request;
    if (raw !== undefined) return toRawReply(await this.files.open(sessionId, path), raw);
    return toReadFileResponse(await this.files.read(sessionId, path, Number(offset), Number(length)));
  }

  @TakesRawBody()
  @RestRoute(Rpc.method.writeFile)
  async writeFile(
    @RestRequest() request: WriteFileDto,
    @RawBody() body: AsyncIterable<Uint8Array> | undefined,
    @Conditions() conditions: Preconditions,
  ): Promise<RestReply> {
    const options = fromWriteFileRequest(request, conditions);
    const info = await this.files.write(request.sessionId, request.path, body ?? request.data, options);
    return withEtag(toFileInfo(info), info);
  }

  @RestRoute(Rpc.method.deleteFile)
  async deleteFile(
    @RestRequest() request: DeleteFileDto,
    @Conditions() { ifMatch }: Preconditions,
    @Caller() caller: Caller,
  ): Promise<Empty> {
    await this.files.delete(request.sessionId, request.path, request.ifMatch || ifMatch, caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.findFiles)
  async findFiles(@RestRequest() { sessionId, query, limit }: FindFilesDto): Promise<FindFilesResponse> {
    return toFindFilesResponse(await this.files.find(sessionId, query, limit));
  }

  @RestRoute(Rpc.method.searchText)
  async searchText(@RestRequest() { sessionId, pattern, limit }: SearchTextDto): Promise<SearchTextResponse> {
    return toSearchTextResponse(await this.files.search(sessionId, pattern, limit));
  }
}
