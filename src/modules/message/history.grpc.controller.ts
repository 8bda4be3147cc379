import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  type Empty,
  type SessionDiff,
  type SessionInfo,
  type SessionStatus,
  type SessionStatusList,
} from '../../common/grpc/generated/session_pb.js';
import { fromModelName, toSessionInfo, toSessionStatus, toSessionStatusList } from '../session/session.mapper.js';
import { toSessionDiff } from './diff.mapper.js';
import { DeleteMessageDto, GetSessionDiffDto, RevertSessionDto, SessionOfHistoryDto, SummarizeSessionDto } from './history.dto.js';
import { HistoryService } from './history.service.js';
import { StatusService } from './status.service.js';

const SESSIONS = 'opencode.session.SessionService';

/** Methods of sessions that need to know of turns, which stand above sessions. */
@Controller()
export class HistoryGrpcController {
  constructor(
    private readonly history: HistoryService,
    private readonly statuses: StatusService,
  ) {}

  @GrpcMethod('opencode.message.MessageService', 'DeleteMessage')
  async deleteMessage(@Payload() { sessionId, messageId }: DeleteMessageDto, @Caller() caller: Caller): Promise<Empty> {
    await this.history.deleteMessage(sessionId, messageId, caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SESSIONS, 'RevertSession')
  async revertSession({ sessionId, messageId, partId }: RevertSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.history.revert(sessionId, messageId, partId));
  }

  @GrpcMethod(SESSIONS, 'UnrevertSession')
  async unrevertSession({ sessionId }: SessionOfHistoryDto): Promise<SessionInfo> {
    return toSessionInfo(await this.history.unrevert(sessionId));
  }

  @GrpcMethod(SESSIONS, 'SummarizeSession')
  async summarizeSession({ sessionId, model }: SummarizeSessionDto): Promise<Empty> {
    await this.history.summarize(sessionId, fromModelName(model));
    return create(EmptySchema);
  }

  @GrpcMethod(SESSIONS, 'GetSessionDiff')
  async getSessionDiff({ sessionId, messageId }: GetSessionDiffDto): Promise<SessionDiff> {
    return toSessionDiff(await this.history.diff(sessionId, messageId));
  }

  @GrpcMethod(SESSIONS, 'GetSessionStatus')
  async getSessionStatus({ sessionId }: SessionOfHistoryDto): Promise<SessionStatus> {
    return toSessionStatus(sessionId, await this.statuses.get(sessionId));
  }

  @GrpcMethod(SESSIONS, 'ListSessionStatuses')
  listSessionStatuses(@Caller() { principal }: Caller): SessionStatusList {
    return toSessionStatusList(this.statuses.list(principal));
  }
}
