import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { HealthService } from './health.service.js';

/** For what watches the process and what sends it calls; open to everybody, so it tells nothing else. */
@Controller()
export class HealthHttpController {
  constructor(private readonly health: HealthService) {}

  /** Of this process alone: to end it would bring no OpenCode back. */
  @Get('livez')
  getLiveness(): { readonly alive: true } {
    return { alive: true };
  }

  @Get('readyz')
  async getReadiness(@Res() reply: FastifyReply): Promise<void> {
    const { readiness } = this.health;
    await reply.code(readiness.ready ? 200 : 503).send(readiness);
  }
}
