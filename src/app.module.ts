import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { Principals } from './common/access/principals.js';
import { AskAnswers } from './common/asks/ask-answers.js';
import { CONFIG, type Config } from './common/config/config.js';
import { PublicAddresses } from './common/config/public-addresses.js';
import { ErrorFilter } from './common/errors/error.filter.js';
import { DocsController } from './common/http/docs/docs.controller.js';
import { AnswerMetrics } from './common/metrics/answer.metrics.js';
import { MetricsController } from './common/metrics/metrics.controller.js';
import { OpenapiParts } from './common/http/openapi/openapi-parts.js';
import { Metrics } from './common/metrics/metrics.js';
import { ENVIRONMENT, OpencodeModule } from './common/opencode/opencode.module.js';
import { OpenStreams } from './common/streams/open-streams.js';
import { AskSpans } from './common/tracing/ask-spans.js';
import { Tracer } from './common/tracing/tracer.js';
import { DtoPipe } from './common/validation/dto.pipe.js';
import { A2AModule } from './modules/a2a/a2a.module.js';
import { AgentModule } from './modules/agent/agent.module.js';
import { AskModule } from './modules/ask/ask.module.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { CommandModule } from './modules/command/command.module.js';
import { EventModule } from './modules/event/event.module.js';
import { FileModule } from './modules/file/file.module.js';
import { HealthModule } from './modules/health/health.module.js';
import { MessageModule } from './modules/message/message.module.js';
import { PermissionModule } from './modules/permission/permission.module.js';
import { ProviderModule } from './modules/provider/provider.module.js';
import { QuestionModule } from './modules/question/question.module.js';
import { OwnershipGuard } from './modules/session/ownership.guard.js';
import { SessionModule } from './modules/session/session.module.js';
import { WorkspaceModule } from './modules/workspace/workspace.module.js';

/** What is there before the application is. */
export interface AppParts {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  readonly principals: Principals;
  readonly streams: OpenStreams;
  readonly tracer: Tracer;
}

@Module({})
export class AppModule {
  static with({ config, environment, principals, streams, tracer }: AppParts): DynamicModule {
    return {
      module: AppModule,
      global: true,
      imports: [
        OpencodeModule,
        AgentModule,
        CommandModule,
        ProviderModule,
        SessionModule,
        FileModule,
        EventModule,
        HealthModule,
        MessageModule,
        PermissionModule,
        QuestionModule,
        AskModule,
        AuthModule,
        WorkspaceModule,
        ...(config.TRANSPORTS.includes('a2a') ? [A2AModule] : []),
      ],
      controllers: [DocsController, MetricsController],
      providers: [
        Metrics,
        AnswerMetrics,
        AskAnswers,
        PublicAddresses,
        OpenapiParts,
        { provide: Principals, useValue: principals },
        { provide: OpenStreams, useValue: streams },
        { provide: Tracer, useValue: tracer },
        AskSpans,
        { provide: CONFIG, useValue: config },
        { provide: ENVIRONMENT, useValue: environment },
        { provide: APP_GUARD, useExisting: OwnershipGuard },
        { provide: APP_PIPE, useClass: DtoPipe },
        { provide: APP_FILTER, useClass: ErrorFilter },
      ],
      exports: [CONFIG, ENVIRONMENT, Metrics, AskAnswers, OpenStreams, Tracer, AskSpans, PublicAddresses, OpenapiParts],
    };
  }
}
