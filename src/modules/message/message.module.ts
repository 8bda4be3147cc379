import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { SessionModule } from '../session/session.module.js';
import { CommandModule } from '../command/command.module.js';
import { HistoryGrpcController } from './history.grpc.controller.js';
import { HistoryHttpController } from './history.http.controller.js';
import { HistoryService } from './history.service.js';
import { InvocationService } from './invocation.service.js';
import { MessageGrpcController } from './message.grpc.controller.js';
import { MessageHttpController } from './message.http.controller.js';
import { MessageService } from './message.service.js';
import { PromptService } from './prompt.service.js';
import { RunService } from './run.service.js';
import { StatusService } from './status.service.js';
import { TurnService } from './turn.service.js';

@Module({
  imports: [EventModule, SessionModule, CommandModule],
  providers: [MessageService, PromptService, InvocationService, TurnService, RunService, HistoryService, StatusService],
  controllers: [MessageGrpcController, MessageHttpController, HistoryGrpcController, HistoryHttpController],
  exports: [MessageService, TurnService, RunService, StatusService],
})
export class MessageModule {}
