import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { HealthModule } from '../health/health.module.js';
import { MessageModule } from '../message/message.module.js';
import { SessionModule } from '../session/session.module.js';
import { WorkspaceGrpcController } from './workspace.grpc.controller.js';
import { WorkspaceHttpController } from './workspace.http.controller.js';
import { WorkspaceAgentService } from './workspace-agent.service.js';
import { WorkspaceHealthService } from './workspace-health.service.js';
import { WorkspaceModelsService } from './workspace-models.service.js';
import { WorkspaceService } from './workspace.service.js';

@Module({
  imports: [EventModule, HealthModule, MessageModule, SessionModule],
  providers: [WorkspaceService, WorkspaceAgentService, WorkspaceHealthService, WorkspaceModelsService],
  controllers: [WorkspaceGrpcController, WorkspaceHttpController],
})
export class WorkspaceModule {}
