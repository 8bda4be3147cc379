import { create } from '@bufbuild/protobuf';
import { EmptySchema, type Empty } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { HealthStatus } from '../../common/grpc/generated/v1/common_pb.js';
import {
  GetSessionResponseSchema,
  OpenCodeService as Rpc,
  ResetSessionResponseSchema,
  type GetAgentStatusResponse,
  type GetSessionResponse,
  type GetSessionStatsResponse,
  type ListMessagesRequest,
  type ListMessagesResponse,
  type ListModelsResponse,
  type ResetSessionResponse,
  type SendMessageResponse,
  type SetModelResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { RestReply } from '../../common/http/rest-reply.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { fromSendMessageRequest } from './send.mapper.js';
import { ListModelsDto, ResetSessionDto, SendWorkspaceMessageDto, SetModelDto } from './workspace.dto.js';
import {
  fromListMessagesRequest,
  toAgentStatusResponse,
  toHealthResponse,
  toListMessagesResponse,
  toSession,
  toStatsResponse,
} from './workspace.mapper.js';
import { toListModelsResponse, toSetModelResponse } from './model.mapper.js';
import type { MessageChange } from './workspace.model.js';
import { toMessagesStream, toTurnStream } from './workspace-stream.mapper.js';
import { WorkspaceAgentService } from './workspace-agent.service.js';
import { WorkspaceHealthService } from './workspace-health.service.js';
import { WorkspaceModelsService } from './workspace-models.service.js';
import { WorkspaceService } from './workspace.service.js';

@Controller()
export class WorkspaceHttpController {
  constructor(
    private readonly workspace: WorkspaceService,
    private readonly agent: WorkspaceAgentService,
    private readonly models: WorkspaceModelsService,
    private readonly containerHealth: WorkspaceHealthService,
  ) {}

  @RestRoute(Rpc.method.health)
  async health(): Promise<RestReply> {
    const health = toHealthResponse(this.containerHealth.isReady, this.containerHealth.configUse);
    return new RestReply(health, { status: health.status === HealthStatus.SERVING ? 200 : 503 });
  }

  @RestRoute(Rpc.method.getSession)
  async getSession(@Caller() { principal }: Caller): Promise<GetSessionResponse> {
    const { session, messageCount } = await this.workspace.sessionWithCount(principal);
    return create(GetSessionResponseSchema, { session: toSession(session, messageCount) });
  }

  @RestRoute(Rpc.method.resetSession)
  async resetSession(@RestRequest() { title }: ResetSessionDto, @Caller() caller: Caller): Promise<ResetSessionResponse> {
    return create(ResetSessionResponseSchema, { session: toSession(await this.workspace.reset(caller, title), 0) });
  }

  @RestRoute(Rpc.method.getSessionStats)
  async getSessionStats(@Caller() { principal }: Caller): Promise<GetSessionStatsResponse> {
    return toStatsResponse(await this.workspace.stats(principal));
  }

  @RestRoute(Rpc.method.sendMessage)
  async sendMessage(
    @RestRequest() request: SendWorkspaceMessageDto,
    @Caller() caller: Caller,
  ): Promise<MessageStream<SendMessageResponse>> {
    return toTurnStream(await this.workspace.stream(caller, fromSendMessageRequest(request)));
  }

  @RestRoute(Rpc.method.listMessages)
  async listMessages(@RestRequest() request: ListMessagesRequest, @Caller() { principal }: Caller): Promise<ListMessagesResponse> {
    return toListMessagesResponse(await this.workspace.listMessages(principal, fromListMessagesRequest(request)));
  }

  @RestRoute(Rpc.method.streamMessages)
  async streamMessages(@Caller() { principal }: Caller): Promise<MessageStream<MessageChange>> {
    return toMessagesStream(await this.workspace.watchMessages(principal));
  }

  @RestRoute(Rpc.method.clearMessages)
  async clearMessages(@Caller() caller: Caller): Promise<Empty> {
    await this.workspace.clearMessages(caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.cancelAgent)
  async cancelAgent(@Caller() caller: Caller): Promise<Empty> {
    await this.workspace.cancel(caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.getAgentStatus)
  async getAgentStatus(@Caller() { principal }: Caller): Promise<GetAgentStatusResponse> {
    return toAgentStatusResponse(await this.agent.state(principal));
  }

  @RestRoute(Rpc.method.listModels)
  async listModels(@RestRequest() { provider }: ListModelsDto): Promise<ListModelsResponse> {
    return toListModelsResponse(await this.models.list(provider));
  }

  @RestRoute(Rpc.method.setModel)
  async setModel(@RestRequest() { modelId }: SetModelDto, @Caller() { principal }: Caller): Promise<SetModelResponse> {
    return toSetModelResponse(await this.models.choose(principal, modelId));
  }
}
