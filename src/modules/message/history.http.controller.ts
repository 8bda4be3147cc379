import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { MessageService as Messages } from '../../common/grpc/generated/message_pb.js';
import {
  EmptySchema,
  SessionService as Sessions,
  type Empty,
  type SessionDiff,
  type SessionInfo,
  type SessionStatus,
  type SessionStatusList,
} from '../../common/grpc/generated/session_pb.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { fromModelName, toSessionInfo, toSessionStatus, toSessionStatusList } from '../session/session.mapper.js';
import { toSessionDiff } from './diff.mapper.js';
import { DeleteMessageDto, GetSessionDiffDto, RevertSessionDto, SessionOfHistoryDto, SummarizeSessionDto } from './history.dto.js';
import { HistoryService } from './history.service.js';
import { StatusService } from './status.service.js';

/** Methods of sessions that need to know of turns, which stand above sessions. */
@Controller()
export class HistoryHttpController {
  constructor(
    private readonly history: HistoryService,
    private readonly statuses: StatusService,
  ) {}

  @RestRoute(Messages.method.deleteMessage)
  async deleteMessage(@RestRequest() { sessionId, messageId }: DeleteMessageDto, @Caller() caller: Caller): Promise<Empty> {
    await this.history.deleteMessage(sessionId, messageId, caller);
    return create(EmptySchema);
  }

  @RestRoute(Sessions.method.revertSession)
  async revertSession(@RestRequest() { sessionId, messageId, partId }: RevertSessionDto): Promise<SessionInfo> {
    return toSessionInfo(await this.history.revert(sessionId, messageId, partId));
  }

  @RestRoute(Sessions.method.unrevertSession)
  async unrevertSession(@RestRequest() { sessionId }: SessionOfHistoryDto): Promise<SessionInfo> {
    return toSessionInfo(await this.history.unrevert(sessionId));
  }

  @RestRoute(Sessions.method.summarizeSession)
  async summarizeSession(@RestRequest() { sessionId, model }: SummarizeSessionDto): Promise<Empty> {
    await this.history.summarize(sessionId, fromModelName(model));
    return create(EmptySchema);
  }

  @RestRoute(Sessions.method.getSessionDiff)
  async getSessionDiff(@RestRequest() { sessionId, messageId }: GetSessionDiffDto): Promise<SessionDiff> {
    return toSessionDiff(await this.history.diff(sessionId, messageId));
  }

  @RestRoute(Sessions.method.getSessionStatus)
  async getSessionStatus(@RestRequest() { sessionId }: SessionOfHistoryDto): Promise<SessionStatus> {
    return toSessionStatus(sessionId, await this.statuses.get(sessionId));
  }

  @RestRoute(Sessions.method.listSessionStatuses)
  listSessionStatuses(@Caller() { principal }: Caller): SessionStatusList {
    return toSessionStatusList(this.statuses.list(principal));
  }
}
