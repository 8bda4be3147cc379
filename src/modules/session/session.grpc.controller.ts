import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import {
  EmptySchema,
  type Empty,
  type SearchSessionsResponse,
  type SessionInfo,
  type SessionList,
} from '../../common/grpc/generated/session_pb.js';
import {
  CreateSessionDto,
  DeleteSessionDto,
  GetSessionDto,
  SearchSessionsDto,
  UpdateSessionDirectoryDto,
  UpdateSessionDto,
} from './session.dto.js';
import { fromCreateSessionRequest, toSearchSessionsResponse, toSessionInfo, toSessionList } from './session.mapper.js';
import { SessionService } from './session.service.js';

const SERVICE = 'opencode.session.SessionService';

@Controller()
export class SessionGrpcController {
  constructor(private readonly sessions: SessionService) {}

  @GrpcMethod(SERVICE, 'ListSessions')
  async listSessions(): Promise<SessionList> {
    return toSessionList(await this.sessions.list());
  }

  @GrpcMethod(SERVICE, 'SearchSessions')
  async searchSessions(request: SearchSessionsDto): Promise<SearchSessionsResponse> {
    return toSearchSessionsResponse(await this.sessions.search(request));
  }

  @GrpcMethod(SERVICE, 'CreateSession')
  async createSession(request: CreateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.create(fromCreateSessionRequest(request)));
  }

  @GrpcMethod(SERVICE, 'GetSession')
  async getSession({ sessionId }: GetSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.get(sessionId));
  }

  @GrpcMethod(SERVICE, 'UpdateSession')
  async updateSession({ sessionId, ...change }: UpdateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.update(sessionId, change));
  }

  @GrpcMethod(SERVICE, 'UpdateSessionDirectory')
  async updateSessionDirectory({ sessionId, directory }: UpdateSessionDirectoryDto): Promise<Empty> {
    await this.sessions.move(sessionId, directory);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'DeleteSession')
  async deleteSession({ sessionId }: DeleteSessionDto): Promise<Empty> {
    await this.sessions.delete(sessionId);
    return create(EmptySchema);
  }
}
