import { Module } from '@nestjs/common';
import { SessionModule } from '../session/session.module.js';
import { BuildMetrics } from './build.metrics.js';
import { EventGrpcController } from './event.grpc.controller.js';
import { EventHttpController } from './event.http.controller.js';
import { EventHub } from './event.hub.js';
import { EventMetrics } from './event.metrics.js';
import { EventService } from './event.service.js';

@Module({
  imports: [SessionModule],
  providers: [EventHub, EventMetrics, BuildMetrics, EventService],
  controllers: [EventGrpcController, EventHttpController],
  exports: [EventHub],
})
export class EventModule {}
