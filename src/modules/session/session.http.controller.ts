import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import {
  EmptySchema,
  SessionService as Rpc,
  type Empty,
  type SearchSessionsResponse,
  type SessionInfo,
} from '../../common/grpc/generated/session_pb.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import {
  CreateSessionDto,
  DeleteSessionDto,
  GetSessionDto,
  SearchSessionsDto,
  UpdateSessionDirectoryDto,
  UpdateSessionDto,
} from './session.dto.js';
import { fromCreateSessionRequest, toSearchSessionsResponse, toSessionInfo } from './session.mapper.js';
import { SessionService } from './session.service.js';

@Controller()
export class SessionHttpController {
  constructor(private readonly sessions: SessionService) {}

  @RestRoute(Rpc.method.searchSessions)
  async searchSessions(@RestRequest() request: SearchSessionsDto): Promise<SearchSessionsResponse> {
    return toSearchSessionsResponse(await this.sessions.search(request));
  }

  @RestRoute(Rpc.method.createSession)
  async createSession(@RestRequest() request: CreateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.create(fromCreateSessionRequest(request)));
  }

  @RestRoute(Rpc.method.getSession)
  async getSession(@RestRequest() { sessionId }: GetSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.get(sessionId));
  }

  @RestRoute(Rpc.method.updateSession)
  async updateSession(@RestRequest() { sessionId, ...change }: UpdateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.update(sessionId, change));
  }

  @RestRoute(Rpc.method.updateSessionDirectory)
  async updateSessionDirectory(@RestRequest() { sessionId, directory }: UpdateSessionDirectoryDto): Promise<Empty> {
    await this.sessions.move(sessionId, directory);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.deleteSession)
  async deleteSession(@RestRequest() { sessionId }: DeleteSessionDto): Promise<Empty> {
    await this.sessions.delete(sessionId);
    return create(EmptySchema);
  }
}
