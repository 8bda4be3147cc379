import {
  AgentCard,
  CancelTaskRequest,
  ListTaskPushNotificationConfigsResponse,
  ListTasksRequest,
  Message,
  SendMessageRequest,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AgentRoute } from '../../../common/http/agent-route.js';
import { A2AHandler } from '../a2a.handler.js';
import { toListTasksJson } from '../wire/list.mapper.js';
import { loggedAs } from './logged-call.mapper.js';
import { bodyOf, configIdOf, decode, historyLengthOf, queryOf, taskIdOf, tenantOf } from './rest-request.js';
import { RestReplies, type RestAnswer } from './rest-replies.js';

/** Each route also below a tenant's name. */
const at = (path: string): string[] => [path, `:tenant/${path}`];
/** Fastify reads `::` as a colon, and a parameter before one needs its form. */
const TASK = 'tasks/:taskId(^[^:/]+)';

/** A2A 1.0 over HTTP+JSON. */
@Controller()
export class RestHttpController {
  constructor(
    private readonly handler: A2AHandler,
    private readonly replies: RestReplies,
  ) {}

  @Post(at('message::send'))
  @HttpCode(200)
  @AgentRoute(loggedAs('SendMessage'))
  sendMessage(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = decode(SendMessageRequest, { ...bodyOf(request), ...tenantOf(request) });
      return toSendJson(await this.handler.sendMessage(wanted, context));
    });
  }

  @Post(at('message::stream'))
  @HttpCode(200)
  @AgentRoute(loggedAs('SendStreamingMessage'))
  streamMessage(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', (call) => {
      const wanted = decode(SendMessageRequest, { ...bodyOf(request), ...tenantOf(request) });
      return this.replies.stream(this.handler.sendMessageStream(wanted, call.context), call, { method: 'SendStreamingMessage', toItem });
    });
  }

  @Get(at('tasks'))
  @AgentRoute()
  listTasks(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = decode(ListTasksRequest, { ...queryOf(request), ...tenantOf(request) });
      return toListTasksJson(await this.handler.listTasks(wanted, context), wanted);
    });
  }

  @Get(at('tasks/:taskId'))
  @AgentRoute()
  getTask(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = { tenant: '', id: taskIdOf(request), historyLength: historyLengthOf(request) };
      return Task.toJSON(await this.handler.getTask(wanted, context)) as object;
    });
  }

  @Post(at(`${TASK}::cancel`))
  @HttpCode(200)
  @AgentRoute(loggedAs('CancelTask'))
  cancelTask(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = decode(CancelTaskRequest, { ...bodyOf(request), ...tenantOf(request), id: taskIdOf(request) });
      return Task.toJSON(await this.handler.cancelTask(wanted, context)) as object;
    });
  }

  @Get(at(`${TASK}::subscribe`))
  @AgentRoute()
  subscribe(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', (call) => {
      const items = this.handler.resubscribe({ tenant: '', id: taskIdOf(request) }, call.context);
      return this.replies.stream(items, call, { method: 'SubscribeToTask', toItem });
    });
  }

  @Post(at(`${TASK}::subscribe`))
  @HttpCode(200)
  @AgentRoute()
  subscribeByPost(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.subscribe(request, reply);
  }

  @Post(at('tasks/:taskId/pushNotificationConfigs'))
  @HttpCode(200)
  @AgentRoute()
  createPushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = decode(TaskPushNotificationConfig, { ...bodyOf(request), ...tenantOf(request), taskId: taskIdOf(request) });
      return TaskPushNotificationConfig.toJSON(await this.handler.createTaskPushNotificationConfig(wanted, context)) as object;
    });
  }

  @Get(at('tasks/:taskId/pushNotificationConfigs'))
  @AgentRoute()
  listPushConfigs(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), pageSize: 0, pageToken: '' };
      const page = await this.handler.listTaskPushNotificationConfigs(wanted, context);
      return ListTaskPushNotificationConfigsResponse.toJSON(page) as object;
    });
  }

  @Get(at('tasks/:taskId/pushNotificationConfigs/:configId'))
  @AgentRoute()
  getPushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), id: configIdOf(request) };
      return TaskPushNotificationConfig.toJSON(await this.handler.getTaskPushNotificationConfig(wanted, context)) as object;
    });
  }

  @Delete(at('tasks/:taskId/pushNotificationConfigs/:configId'))
  @AgentRoute()
  deletePushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), id: configIdOf(request) };
      await this.handler.deleteTaskPushNotificationConfig(wanted, context);
      void reply.code(204);
      return undefined;
    });
  }

  @Get(at('extendedAgentCard'))
  @AgentRoute()
  getExtendedCard(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '1.0', async ({ context }) => {
      return AgentCard.toJSON(await this.handler.getAuthenticatedExtendedAgentCard({ tenant: '' }, context)) as object;
    });
  }
}

function toItem(item: StreamResponse): object {
  return StreamResponse.toJSON(item) as object;
}

function toSendJson(answer: Message | Task): object {
  return 'messageId' in answer ? { message: Message.toJSON(answer) } : { task: Task.toJSON(answer) };
}
