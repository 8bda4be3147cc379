import { Controller, Delete, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AgentRoute } from '../../../common/http/agent-route.js';
import { A2AHandler } from '../a2a.handler.js';
import { CardService } from '../card/card.service.js';
import {
  fromLegacyPushConfig,
  fromLegacyRestRequest,
  toLegacyPushConfig,
  toLegacyRestAnswer,
  toLegacyRestStreamItem as toItem,
  toLegacyRestTask,
} from '../wire/legacy-rest.mapper.js';
import { loggedAs } from './logged-call.mapper.js';
import { configIdOf, historyLengthOf, taskIdOf } from './rest-request.js';
import { RestReplies, type RestAnswer } from './rest-replies.js';

const TASK = 'tasks/:taskId(^[^:/]+)';

/** A2A 0.3 over HTTP+JSON. */
@Controller('v1')
export class LegacyRestHttpController {
  constructor(
    private readonly handler: A2AHandler,
    private readonly replies: RestReplies,
    private readonly cards: CardService,
  ) {}

  @Post('message::send')
  @HttpCode(200)
  @AgentRoute(loggedAs('message/send'))
  sendMessage(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) =>
      toLegacyRestAnswer(await this.handler.sendMessage(fromLegacyRestRequest(request.body), context)),
    );
  }

  @Post('message::stream')
  @HttpCode(200)
  @AgentRoute(loggedAs('message/stream'))
  streamMessage(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', (call) => {
      const items = this.handler.sendMessageStream(fromLegacyRestRequest(request.body), call.context);
      return this.replies.stream(items, call, { method: 'message/stream', toItem });
    });
  }

  @Get('tasks/:taskId')
  @AgentRoute()
  getTask(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      const wanted = { tenant: '', id: taskIdOf(request), historyLength: historyLengthOf(request) };
      return toLegacyRestTask(await this.handler.getTask(wanted, context));
    });
  }

  @Post(`${TASK}::cancel`)
  @HttpCode(200)
  @AgentRoute(loggedAs('tasks/cancel'))
  cancelTask(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) =>
      toLegacyRestTask(await this.handler.cancelTask({ tenant: '', id: taskIdOf(request), metadata: undefined }, context)),
    );
  }

  @Get(`${TASK}::subscribe`)
  @AgentRoute()
  subscribe(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', (call) => {
      const items = this.handler.resubscribe({ tenant: '', id: taskIdOf(request) }, call.context);
      return this.replies.stream(items, call, { method: 'tasks/resubscribe', toItem });
    });
  }

  @Post(`${TASK}::subscribe`)
  @HttpCode(200)
  @AgentRoute()
  subscribeByPost(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.subscribe(request, reply);
  }

  @Post('tasks/:taskId/pushNotificationConfigs')
  @HttpCode(200)
  @AgentRoute()
  createPushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      const wanted = fromLegacyPushConfig(request.body, taskIdOf(request));
      return toLegacyPushConfig(await this.handler.createTaskPushNotificationConfig(wanted, context));
    });
  }

  @Get('tasks/:taskId/pushNotificationConfigs')
  @AgentRoute()
  listPushConfigs(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), pageSize: 0, pageToken: '' };
      const { configs } = await this.handler.listTaskPushNotificationConfigs(wanted, context);
      return { configs: configs.map(toLegacyPushConfig), nextPageToken: '' };
    });
  }

  @Get('tasks/:taskId/pushNotificationConfigs/:configId')
  @AgentRoute()
  getPushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), id: configIdOf(request) };
      return toLegacyPushConfig(await this.handler.getTaskPushNotificationConfig(wanted, context));
    });
  }

  @Delete('tasks/:taskId/pushNotificationConfigs/:configId')
  @AgentRoute()
  deletePushConfig(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      const wanted = { tenant: '', taskId: taskIdOf(request), id: configIdOf(request) };
      await this.handler.deleteTaskPushNotificationConfig(wanted, context);
      void reply.code(204);
      return undefined;
    });
  }

  @Get('card')
  @AgentRoute()
  getExtendedCard(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RestAnswer> {
    return this.replies.answer(request, reply, '0.3', async ({ context }) => {
      await this.handler.getAuthenticatedExtendedAgentCard({ tenant: '' }, context);
      return this.cards.inFace('callers', '0.3');
    });
  }
}
