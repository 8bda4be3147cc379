import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  type Empty,
  type SearchSessionsResponse,
  type SessionInfo,
  type TodoList,
  type SessionList,
} from '../../common/grpc/generated/session_pb.js';
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

const SERVICE = 'opencode.session.SessionService';

@Controller()
export class SessionGrpcController {
  constructor(private readonly sessions: SessionService) {}

  @GrpcMethod(SERVICE, 'ListSessions')
  async listSessions(@Caller() { principal }: Caller): Promise<SessionList> {
    return toSessionList(await this.sessions.list(principal));
  }

  @GrpcMethod(SERVICE, 'SearchSessions')
  async searchSessions(@Payload() request: SearchSessionsDto, @Caller() { principal }: Caller): Promise<SearchSessionsResponse> {
    return toSearchSessionsResponse(await this.sessions.search(request, principal));
  }

  @GrpcMethod(SERVICE, 'CreateSession')
  async createSession(@Payload() request: CreateSessionDto, @Caller() { principal }: Caller): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.create(fromCreateSessionRequest(request), principal));
  }

  @GrpcMethod(SERVICE, 'GetSession')
  async getSession({ sessionId }: GetSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.get(sessionId));
  }

  @GrpcMethod(SERVICE, 'UpdateSession')
  async updateSession(request: UpdateSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.update(request.sessionId, fromUpdateSessionRequest(request)));
  }

  @GrpcMethod(SERVICE, 'UpdateSessionDirectory')
  async updateSessionDirectory({ sessionId, directory }: UpdateSessionDirectoryDto): Promise<Empty> {
    await this.sessions.move(sessionId, directory);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'ListChildSessions')
  async listChildSessions({ sessionId }: GetSessionDto): Promise<SessionList> {
    return toSessionList(await this.sessions.children(sessionId));
  }

  @GrpcMethod(SERVICE, 'ListTodos')
  async listTodos({ sessionId }: GetSessionDto): Promise<TodoList> {
    return toTodoList(await this.sessions.todos(sessionId));
  }

  @GrpcMethod(SERVICE, 'ForkSession')
  async forkSession(@Payload() { sessionId, messageId }: ForkSessionDto, @Caller() { principal }: Caller): Promise<SessionInfo> {
    return toSessionInfo(await this.sessions.fork(sessionId, messageId, principal));
  }

  @GrpcMethod(SERVICE, 'DeleteSession')
  async deleteSession(@Payload() { sessionId }: DeleteSessionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.sessions.delete(sessionId, caller);
    return create(EmptySchema);
  }
}
