import { create } from '@bufbuild/protobuf';
import { Controller, Headers } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  SessionService as Rpc,
  type Empty,
  type SearchSessionsResponse,
  type SessionInfo,
  type SessionList,
  type TodoList,
} from '../../common/grpc/generated/session_pb.js';
import { IDEMPOTENCY_KEY, withKey } from '../../common/http/idempotency-key.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import {
  CreateSessionDto,
  DeleteSessionDto,
  ForkSessionDto,
  GetSessionDto,
  SearchSessionsDto,
  UpdateSessionDirectoryDto,
  UpdateSessionDto,
} from './session.dto.js';
import {
  fromCreateSessionRequest,
  fromUpdateSessionRequest,
  toSearchSessionsResponse,
  toSessionInfo,
  toSessionList,
  toTodoList,
} from './session.mapper.js';
import { SessionService } from './session.service.js';

@Controller()
export class SessionHttpController {
  constructor(private readonly sessions: SessionService) {}

  @RestRoute(Rpc.method.searchSessions)
  async searchSessions(@RestRequest() request: SearchSessionsDto, @Caller() { principal }: Caller): Promise<SearchSessionsResponse> {
    return toSearchSessionsResponse(await this.sessions.search(request, principal));
  }

  @RestRoute(Rpc.method.createSession)
  async createSession(
    @RestRequest() request: CreateSessionDto,
    @Caller() { principal }: Caller,
    @Headers(IDEMPOTENCY_KEY) key?: string,
  ): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.create(fromCreateSessionRequest(withKey(request, key)), principal));
  }

  @RestRoute(Rpc.method.getSession)
  async getSession(@RestRequest() { sessionId }: GetSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.get(sessionId));
  }

  @RestRoute(Rpc.method.updateSession)
  async updateSession(@RestRequest() request: UpdateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.update(request.sessionId, fromUpdateSessionRequest(request)));
  }

  @RestRoute(Rpc.method.updateSessionDirectory)
  async updateSessionDirectory(@RestRequest() { sessionId, directory }: UpdateSessionDirectoryDto): Promise<Empty> {
    await this.sessions.move(sessionId, directory);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.listChildSessions)
  async listChildSessions(@RestRequest() { sessionId }: GetSessionDto): Promise<SessionList> {
    return toSessionList(await this.sessions.children(sessionId));
  }

  @RestRoute(Rpc.method.listTodos)
  async listTodos(@RestRequest() { sessionId }: GetSessionDto): Promise<TodoList> {
    return toTodoList(await this.sessions.todos(sessionId));
  }

  @RestRoute(Rpc.method.forkSession)
  async forkSession(@RestRequest() { sessionId, messageId }: ForkSessionDto, @Caller() { principal }: Caller): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.fork(sessionId, messageId, principal));
  }

  @RestRoute(Rpc.method.deleteSession)
  async deleteSession(@RestRequest() { sessionId }: DeleteSessionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.sessions.delete(sessionId, caller);
    return create(EmptySchema);
  }
}
