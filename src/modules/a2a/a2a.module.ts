import { Inject, Module, type OnApplicationShutdown, type Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../../common/config/config.js';
import { Metrics } from '../../common/metrics/metrics.js';
import { EventModule } from '../event/event.module.js';
import { MessageModule } from '../message/message.module.js';
import { PermissionModule } from '../permission/permission.module.js';
import { ProjectModule } from '../project/project.module.js';
import { QuestionModule } from '../question/question.module.js';
import { SessionModule } from '../session/session.module.js';
import { A2AHandler } from './a2a.handler.js';
import { AGENT_CARDS } from './a2a.ports.js';
import { A2A_RULES, type A2ARules } from './a2a.rules.js';
import { CardHttpController } from './card/card.http.controller.js';
import { CardService } from './card/card.service.js';
import { JsonRpcHttpController } from './http/json-rpc.http.controller.js';
import { JsonRpc } from './http/json-rpc.js';
import { LegacyRestHttpController } from './http/legacy-rest.http.controller.js';
import { RestHttpController } from './http/rest.http.controller.js';
import { RestReplies } from './http/rest-replies.js';
import { A2AGrpcServices } from './grpc/a2a-grpc.services.js';
import { A2AOpenapi } from './openapi/a2a-openapi.js';
import { METHOD_PROVIDERS } from './methods/methods.providers.js';
import { FeedSource } from './push/feed-source.js';
import { PUSH_PROVIDERS } from './push/push.providers.js';
import { PushService } from './push/push.service.js';
import { TaskPayload } from './push/task-payload.js';
import { PUSH_PAYLOAD, TASK_SOURCE } from './push/task-source.js';
import { WebhookAddresses } from './push/webhook-address.js';
import { openTaskStore } from './store/open-task-store.js';
import { TASK_STORE, type TaskStore } from './task.store.js';
import { TaskAborter } from './task/task.aborter.js';
import { TaskControl } from './task/task.control.js';
import { TaskFeeds } from './task/task.feeds.js';
import { TaskList } from './task/task.list.js';
import { TaskReader } from './task/task.reader.js';
import { TaskMetrics } from './task/task.metrics.js';
import { TASK_OPTIONS, type TaskOptions } from './task/task.options.js';
import { TaskService } from './task/task.service.js';
import { TASK_SESSIONS_OPTIONS, TaskSessions, type TaskSessionsOptions } from './task/task.sessions.js';

function toTaskOptions(config: Config): TaskOptions {
  return {
    system: config.OPENCODE_SYSTEM,
    variant: config.OPENCODE_VARIANT,
    allowsDirectories: config.A2A_ALLOW_DIRECTORY_OVERRIDE,
    acceptsData: config.A2A_DATA_PARTS,
    abortTimeoutMs: config.A2A_CANCEL_ABORT_TIMEOUT_SECONDS * 1_000,
  };
}

function toSessionsOptions(config: Config): TaskSessionsOptions {
  return { bindingTtlMs: config.A2A_SESSION_CACHE_TTL_SECONDS * 1_000 };
}

function toRules(config: Config): A2ARules {
  return { versions: config.A2A_VERSIONS, pushes: config.A2A_PUSH };
}

function toStore({ A2A_STORE_URL: url, A2A_SESSION_CACHE_MAXSIZE: maxBindings }: Config, metrics: Metrics): TaskStore {
  const failures = metrics.counter('a2a_store_errors_total', 'Commands that the task store which replicas share did not carry out');
  return openTaskStore({ url, maxBindings, onFailure: () => failures.inc() });
}

/** Tasks: turns of sessions in A2A's words. */
const tasks = [TaskMetrics, TaskSessions, TaskFeeds, TaskAborter, TaskControl, TaskService, TaskReader, TaskList];

/** Push notifications of these tasks, in A2A's words. */
const pushParts: Provider[] = [
  FeedSource,
  TaskPayload,
  PushService,
  { provide: TASK_SOURCE, useExisting: FeedSource },
  { provide: PUSH_PAYLOAD, useExisting: TaskPayload },
  {
    provide: WebhookAddresses,
    inject: [CONFIG],
    useFactory: ({ A2A_PUSH_ALLOWED_HOSTS }: Config) => new WebhookAddresses(A2A_PUSH_ALLOWED_HOSTS),
  },
];

@Module({
  imports: [EventModule, MessageModule, PermissionModule, ProjectModule, QuestionModule, SessionModule],
  providers: [
    ...tasks,
    ...METHOD_PROVIDERS,
    CardService,
    ...PUSH_PROVIDERS,
    ...pushParts,
    A2AHandler,
    JsonRpc,
    A2AGrpcServices,
    RestReplies,
    A2AOpenapi,
    { provide: AGENT_CARDS, useExisting: CardService },
    { provide: A2A_RULES, inject: [CONFIG], useFactory: toRules },
    { provide: TASK_OPTIONS, inject: [CONFIG], useFactory: toTaskOptions },
    { provide: TASK_SESSIONS_OPTIONS, inject: [CONFIG], useFactory: toSessionsOptions },
    { provide: TASK_STORE, inject: [CONFIG, Metrics], useFactory: toStore },
  ],
  controllers: [CardHttpController, JsonRpcHttpController, RestHttpController, LegacyRestHttpController],
})
export class A2AModule implements OnApplicationShutdown {
  constructor(@Inject(TASK_STORE) private readonly store: TaskStore) {}

  /** Behind all who use it. */
  onApplicationShutdown(): Promise<void> {
    return this.store.close();
  }
}
