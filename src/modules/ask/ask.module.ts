import { Module } from '@nestjs/common';
import { EventModule } from '../event/event.module.js';
import { PermissionModule } from '../permission/permission.module.js';
import { QuestionModule } from '../question/question.module.js';
import { SessionModule } from '../session/session.module.js';
import { AskMetrics } from './ask.metrics.js';
import { AskService } from './ask.service.js';

@Module({
  imports: [EventModule, SessionModule, PermissionModule, QuestionModule],
  providers: [AskService, AskMetrics],
  exports: [AskService],
})
export class AskModule {}
