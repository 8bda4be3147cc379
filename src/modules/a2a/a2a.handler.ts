import type {
  AgentCard,
  CancelTaskRequest,
  DeleteTaskPushNotificationConfigRequest,
  GetExtendedAgentCardRequest,
  GetTaskPushNotificationConfigRequest,
  GetTaskRequest,
  ListTaskPushNotificationConfigsRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  Message,
  SendMessageRequest,
  StreamResponse,
  SubscribeToTaskRequest,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { may } from '../../common/access/principal.js';
import type { Scope } from '../../common/access/scopes.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { A2AUser, type A2ACall } from './a2a.call.js';
import { AGENT_CARDS, type AgentCards } from './a2a.ports.js';
import { PushService } from './push/push.service.js';
import type { TaskFeed } from './task/task.feed.js';
import { TaskList } from './task/task.list.js';
import { TaskReader } from './task/task.reader.js';
import { TaskService } from './task/task.service.js';
import { toA2AError } from './wire/a2a-error.mapper.js';
import { toTaskQuery } from './wire/list.mapper.js';
import { toMessageAnswer } from './wire/message.mapper.js';
import { requireText } from './wire/output-modes.js';
import { fromSendRequest, type SendCommand } from './wire/send.mapper.js';
import { toTaskAnswer } from './wire/task.mapper.js';

/**
 * A2A's operations, whichever binding and version asks: what each needs, and what it comes to here.
 *
 * The protocol library's own handler stores a task anew with each event, which is quadratic (measured: 23 s for 4,000 events).
 */
@Injectable()
export class A2AHandler implements A2ARequestHandler {
  constructor(
    private readonly tasks: TaskService,
    private readonly reader: TaskReader,
    private readonly lister: TaskList,
    private readonly push: PushService,
    @Inject(AGENT_CARDS) private readonly cards: AgentCards,
  ) {}

  getAgentCard(): Promise<AgentCard> {
    return Promise.resolve(this.cards.publicCard());
  }

  getAuthenticatedExtendedAgentCard(_: GetExtendedAgentCardRequest, context: ServerCallContext): Promise<AgentCard> {
    return answer(context, 'read', () => Promise.resolve(this.cards.extendedCard()));
  }

  sendMessage(request: SendMessageRequest, context: ServerCallContext): Promise<Message | Task> {
    return answer(context, 'write', async (call) => {
      const command = fromSendRequest(request);
      const feed = await this.begin(command, request.configuration, call);
      const waits = request.configuration?.returnImmediately !== true;
      if (waits) await untilInterrupted(feed, call);
      const message = waits && command.reply === 'message' ? await this.toMessage(feed, call) : undefined;
      return message ?? this.toTask(feed, call, request.configuration?.historyLength);
    });
  }

  sendMessageStream(request: SendMessageRequest, context: ServerCallContext): AsyncGenerator<StreamResponse, void, undefined> {
    return tell(context, 'write', async (call) => {
      this.reader.requireRoom(call);
      const feed = await this.begin(fromSendRequest(request), request.configuration, call);
      return this.reader.read(feed, call, { endsWhenInterrupted: call.version === '1.0' });
    });
  }

  resubscribe({ id }: SubscribeToTaskRequest, context: ServerCallContext): AsyncGenerator<StreamResponse, void, undefined> {
    return tell(context, 'read', async (call) => {
      const feed = await this.tasks.open(id, call);
      // Version 0.3 shows once more what has ended.
      if (feed.isTerminal && call.version === '1.0')
        throw new GatewayError('FAILED_PRECONDITION', `task ${id} has ended: nothing will be told of it any more`, { reason: 'TASK_OVER' });
      return this.reader.read(feed, call, { endsWhenInterrupted: false });
    });
  }

  getTask({ id, historyLength }: GetTaskRequest, context: ServerCallContext): Promise<Task> {
    return answer(context, 'read', async (call) => this.toTask(await this.tasks.open(id, call), call, historyLength));
  }

  listTasks(request: ListTasksRequest, context: ServerCallContext): Promise<ListTasksResponse> {
    return answer(context, 'read', async (call) => {
      const { tasks, ...page } = await this.lister.list(toTaskQuery(request), call.caller);
      const { historyLength } = request;
      const withArtifacts = request.includeArtifacts === true;
      const shown = tasks.map(async (view) =>
        toTaskAnswer(view, await this.reader.wishesOf(view.id, call), { historyLength, withArtifacts }),
      );
      return { ...page, tasks: await Promise.all(shown) };
    });
  }

  cancelTask({ id }: CancelTaskRequest, context: ServerCallContext): Promise<Task> {
    return answer(context, 'write', async (call) =>
      toTaskAnswer(await this.tasks.cancel(id, call), await this.reader.wishesOf(id, call), {
        historyLength: undefined,
        withArtifacts: true,
      }),
    );
  }

  createTaskPushNotificationConfig(config: TaskPushNotificationConfig, context: ServerCallContext): Promise<TaskPushNotificationConfig> {
    return answer(context, 'write', async (call) => {
      await this.tasks.open(config.taskId, call);
      return this.push.create(config, call);
    });
  }

  getTaskPushNotificationConfig(
    { taskId, id }: GetTaskPushNotificationConfigRequest,
    context: ServerCallContext,
  ): Promise<TaskPushNotificationConfig> {
    return answer(context, 'read', async (call) => {
      await this.tasks.open(taskId, call);
      return this.push.get(taskId, id);
    });
  }

  listTaskPushNotificationConfigs(
    { taskId }: ListTaskPushNotificationConfigsRequest,
    context: ServerCallContext,
  ): Promise<ListTaskPushNotificationConfigsResponse> {
    return answer(context, 'read', async (call) => {
      await this.tasks.open(taskId, call);
      return { configs: await this.push.list(taskId), nextPageToken: '' };
    });
  }

  deleteTaskPushNotificationConfig({ taskId, id }: DeleteTaskPushNotificationConfigRequest, context: ServerCallContext): Promise<void> {
    return answer(context, 'write', async (call) => {
      await this.tasks.open(taskId, call);
      await this.push.delete(taskId, id);
    });
  }

  private async begin(command: SendCommand, configuration: SendMessageRequest['configuration'], call: A2ACall): Promise<TaskFeed> {
    requireText(command.outputModes);
    const wanted = configuration?.taskPushNotificationConfig;
    if (wanted !== undefined) await this.push.check(wanted, call);
    const feed = await this.tasks.send(command, call);
    if (wanted !== undefined) await this.push.create({ ...wanted, taskId: feed.ref.id }, call);
    return feed;
  }

  private async toMessage(feed: TaskFeed, call: A2ACall): Promise<Message | undefined> {
    return toMessageAnswer(feed.view, await this.reader.wishesOf(feed.ref.id, call));
  }

  private async toTask(feed: TaskFeed, call: A2ACall, historyLength: number | undefined): Promise<Task> {
    return toTaskAnswer(feed.view, await this.reader.wishesOf(feed.ref.id, call), { historyLength, withArtifacts: true });
  }
}

/** Waits for the end, or for a question: who waits could not answer it. */
async function untilInterrupted(feed: TaskFeed, { signal }: A2ACall): Promise<void> {
  while (!signal.aborted && !feed.isOver && feed.state !== 'input_required') await feed.untilStateChanged(feed.statusSequence, signal);
  feed.requireWhole();
}

/** The call behind a context, for which its caller has what it takes. @throws GatewayError PERMISSION_DENIED */
function callOf({ user }: ServerCallContext, scope: Scope): A2ACall {
  if (!(user instanceof A2AUser)) throw new Error('the doors of A2A say who calls');
  const { call } = user;
  if (!may(call.caller.principal, scope)) {
    throw new GatewayError('PERMISSION_DENIED', `This needs a token with the scope ${scope}`, {
      reason: 'SCOPE_MISSING',
      metadata: { scope },
    });
  }
  return { ...call, caller: { ...call.caller, scope } };
}

const logger = new Logger(A2AHandler.name);

/** What went wrong in A2A's words; what it has no words for is kept for the door. */
function toFailure(error: unknown, { user }: ServerCallContext): Error {
  const known = toA2AError(error);
  if (known === undefined && !(error instanceof GatewayError)) logger.error(error);
  const failure = known ?? (error instanceof Error ? error : new Error(String(error)));
  if (known === undefined && user instanceof A2AUser) user.failure = failure;
  return failure;
}

async function answer<T>(context: ServerCallContext, scope: Scope, run: (call: A2ACall) => Promise<T>): Promise<T> {
  try {
    return await run(callOf(context, scope));
  } catch (error) {
    throw toFailure(error, context);
  }
}

async function* tell<T>(
  context: ServerCallContext,
  scope: Scope,
  run: (call: A2ACall) => Promise<AsyncIterable<T>>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* await run(callOf(context, scope));
  } catch (error) {
    throw toFailure(error, context);
  }
}
