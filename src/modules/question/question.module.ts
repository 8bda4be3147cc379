import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { SessionModule } from '../session/session.module.js';
import { QuestionGrpcController } from './question.grpc.controller.js';
import { QuestionHttpController } from './question.http.controller.js';
import { QuestionService } from './question.service.js';

@Module({
  imports: [EventModule, SessionModule],
  providers: [QuestionService],
  controllers: [QuestionGrpcController, QuestionHttpController],
  exports: [QuestionService],
})
export class QuestionModule {}
