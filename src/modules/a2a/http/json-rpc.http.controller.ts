import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AgentRoute, UnreadableBody } from '../../../common/http/agent-route.js';
import { toHttpCall, versionWishOf } from './http-call.js';
import { JsonRpc, type RpcReply } from './json-rpc.js';
import { toLoggedRpc } from './logged-call.mapper.js';

@Controller()
export class JsonRpcHttpController {
  constructor(private readonly rpc: JsonRpc) {}

  @Post()
  @HttpCode(200)
  @AgentRoute({ toLogged: toLoggedRpc })
  async call(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<RpcReply> {
    const { body } = request;
    if (body instanceof UnreadableBody) {
      if (body.reason === 'type') void reply.code(415);
      return this.rpc.unreadable(body);
    }
    const answer = await this.rpc.handle(body, versionWishOf(request), (version) => toHttpCall(request, reply, version));
    if (answer === undefined) void reply.code(204);
    return answer;
  }
}
