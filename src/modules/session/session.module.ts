import { Module } from '@nestjs/common';
import { AgentModule } from '../agent/agent.module.js';
import { ProviderModule } from '../provider/provider.module.js';
import { SessionGrpcController } from './session.grpc.controller.js';
import { SessionHttpController } from './session.http.controller.js';
import { SessionService } from './session.service.js';

@Module({
  imports: [AgentModule, ProviderModule],
  providers: [SessionService],
  controllers: [SessionGrpcController, SessionHttpController],
  exports: [SessionService, AgentModule, ProviderModule],
})
export class SessionModule {}
