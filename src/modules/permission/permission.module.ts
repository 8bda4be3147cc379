import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { SessionModule } from '../session/session.module.js';
import { PermissionGrpcController } from './permission.grpc.controller.js';
import { PermissionHttpController } from './permission.http.controller.js';
import { PermissionService } from './permission.service.js';

@Module({
  imports: [EventModule, SessionModule],
  providers: [PermissionService],
  controllers: [PermissionGrpcController, PermissionHttpController],
  exports: [PermissionService],
})
export class PermissionModule {}
