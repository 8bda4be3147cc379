import { Module } from '@nestjs/common';
import { AskModule } from '../ask/ask.module.js';
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
import { NoteService } from './note.service.js';
import { PromptService } from './prompt.service.js';
import { RunService } from './run.service.js';
import { StatusService } from './status.service.js';
import { OpencodePresence } from './opencode-presence.js';
import { TurnAborter } from './turn.aborter.js';
import { TurnAdopter } from './turn.adopter.js';
import { TurnCloser } from './turn.closer.js';
import { TurnLine } from './turn.line.js';
import { TurnLookup } from './turn.lookup.js';
import { TurnMetrics } from './turn.metrics.js';
import { TurnRecords } from './turn.records.js';
import { TurnRegistry } from './turn.registry.js';
import { TurnRequests } from './turn.requests.js';
import { TurnRunner } from './turn.runner.js';
import { TurnService } from './turn.service.js';
import { TurnTracer } from './turn.tracer.js';
import { UsageMetrics } from './usage.metrics.js';

/** Who holds turns, where they wait, who begins, carries through, takes over and ends them. */
const turns = [
  OpencodePresence,
  TurnRegistry,
  TurnRecords,
  TurnLine,
  TurnTracer,
  TurnRunner,
  TurnAdopter,
  TurnRequests,
  TurnAborter,
  TurnCloser,
  TurnService,
  TurnLookup,
  TurnMetrics,
  UsageMetrics,
];

@Module({
  imports: [EventModule, SessionModule, CommandModule, AskModule],
  providers: [...turns, MessageService, PromptService, InvocationService, RunService, NoteService, HistoryService, StatusService],
  controllers: [MessageGrpcController, MessageHttpController, HistoryGrpcController, HistoryHttpController],
  exports: [
    MessageService,
    TurnService,
    TurnCloser,
    TurnLine,
    TurnLookup,
    TurnRegistry,
    RunService,
    NoteService,
    StatusService,
    HistoryService,
    CommandModule,
    SessionModule,
    EventModule,
  ],
})
export class MessageModule {}
