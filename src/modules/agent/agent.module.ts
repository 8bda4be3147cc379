import { Module } from '@nestjs/common';
import { AgentGrpcController } from './agent.grpc.controller.js';
import { AgentHttpController } from './agent.http.controller.js';
import { AgentService } from './agent.service.js';

@Module({ providers: [AgentService], controllers: [AgentGrpcController, AgentHttpController], exports: [AgentService] })
export class AgentModule {}
