import { Module } from '@nestjs/common';
import { AgentModule } from '../agent/agent.module.js';
import { ProviderModule } from '../provider/provider.module.js';
import { OwnershipGuard } from './ownership.guard.js';
import { SessionAccess } from './session.access.js';
import { SessionGrpcController } from './session.grpc.controller.js';
import { SessionHttpController } from './session.http.controller.js';
import { SessionOwners } from './session.owners.js';
import { SessionService } from './session.service.js';

@Module({
  imports: [AgentModule, ProviderModule],
  providers: [SessionService, SessionOwners, SessionAccess, OwnershipGuard],
  controllers: [SessionGrpcController, SessionHttpController],
  exports: [SessionService, SessionOwners, SessionAccess, OwnershipGuard, AgentModule, ProviderModule],
})
export class SessionModule {}
