import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { SessionModule } from '../session/session.module.js';
import { MessageGrpcController } from './message.grpc.controller.js';
import { MessageHttpController } from './message.http.controller.js';
import { MessageService } from './message.service.js';
import { PromptService } from './prompt.service.js';
import { RunService } from './run.service.js';
import { TurnService } from './turn.service.js';

@Module({
  imports: [EventModule, SessionModule],
  providers: [MessageService, PromptService, TurnService, RunService],
  controllers: [MessageGrpcController, MessageHttpController],
  exports: [MessageService, TurnService, RunService],
})
export class MessageModule {}
