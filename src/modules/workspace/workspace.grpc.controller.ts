import { create } from '@bufbuild/protobuf';
import { EmptySchema, type Empty } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import type { HealthResponse } from '../../common/grpc/generated/v1/common_pb.js';
import {
  GetSessionResponseSchema,
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
import type { MessageStream } from '../../common/streams/message-stream.js';
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

const SERVICE = 'opencode.v1.OpenCodeService';

@Controller()
export class WorkspaceGrpcController {
  constructor(
    private readonly workspace: WorkspaceService,
    private readonly agent: WorkspaceAgentService,
    private readonly models: WorkspaceModelsService,
    private readonly containerHealth: WorkspaceHealthService,
  ) {}

  @GrpcMethod(SERVICE, 'Health')
  async health(): Promise<HealthResponse> {
    return toHealthResponse(this.containerHealth.isReady, this.containerHealth.configUse);
  }

  @GrpcMethod(SERVICE, 'GetSession')
  async getSession(@Caller() { principal }: Caller): Promise<GetSessionResponse> {
    const { session, messageCount } = await this.workspace.sessionWithCount(principal);
    return create(GetSessionResponseSchema, { session: toSession(session, messageCount) });
  }

  @GrpcMethod(SERVICE, 'ResetSession')
  async resetSession(@Payload() { title }: ResetSessionDto, @Caller() caller: Caller): Promise<ResetSessionResponse> {
    return create(ResetSessionResponseSchema, { session: toSession(await this.workspace.reset(caller, title), 0) });
  }

  @GrpcMethod(SERVICE, 'GetSessionStats')
  async getSessionStats(@Caller() { principal }: Caller): Promise<GetSessionStatsResponse> {
    return toStatsResponse(await this.workspace.stats(principal));
  }

  @GrpcMethod(SERVICE, 'SendMessage')
  async sendMessage(@Payload() request: SendWorkspaceMessageDto, @Caller() caller: Caller): Promise<MessageStream<SendMessageResponse>> {
    return toTurnStream(await this.workspace.stream(caller, fromSendMessageRequest(request)));
  }

  @GrpcMethod(SERVICE, 'ListMessages')
  async listMessages(@Payload() request: ListMessagesRequest, @Caller() { principal }: Caller): Promise<ListMessagesResponse> {
    return toListMessagesResponse(await this.workspace.listMessages(principal, fromListMessagesRequest(request)));
  }

  @GrpcMethod(SERVICE, 'StreamMessages')
  async streamMessages(@Caller() { principal }: Caller): Promise<MessageStream<MessageChange>> {
    return toMessagesStream(await this.workspace.watchMessages(principal));
  }

  @GrpcMethod(SERVICE, 'ClearMessages')
  async clearMessages(@Caller() caller: Caller): Promise<Empty> {
    await this.workspace.clearMessages(caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'CancelAgent')
  async cancelAgent(@Caller() caller: Caller): Promise<Empty> {
    await this.workspace.cancel(caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'GetAgentStatus')
  async getAgentStatus(@Caller() { principal }: Caller): Promise<GetAgentStatusResponse> {
    return toAgentStatusResponse(await this.agent.state(principal));
  }

  @GrpcMethod(SERVICE, 'ListModels')
  async listModels({ provider }: ListModelsDto): Promise<ListModelsResponse> {
    return toListModelsResponse(await this.models.list(provider));
  }

  @GrpcMethod(SERVICE, 'SetModel')
  async setModel(@Payload() { modelId }: SetModelDto, @Caller() { principal }: Caller): Promise<SetModelResponse> {
    return toSetModelResponse(await this.models.choose(principal, modelId));
  }
}
