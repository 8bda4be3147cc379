import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Name of the mark in a route's configuration. */
export const AGENT_ROUTE = 'agentRoute';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly [AGENT_ROUTE]?: boolean;
  }
}

/**
 * Marks a route of A2A, which is no method of our contract: whoever has a token may knock, and what they ask for decides what they
 * need; bodies have a limit of their own, may be missing, and what is no JSON is answered in A2A's own way.
 */
export const AgentRoute = (): MethodDecorator => applyDecorators(RouteConfig({ [AGENT_ROUTE]: true }));

export function isAgentRoute({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): boolean {
  return routeOptions.config[AGENT_ROUTE] === true;
}

/** Stands for a body of another type, which is not read, or one that says it is JSON and is not. */
export class UnreadableBody {
  constructor(readonly reason: 'type' | 'syntax') {}
}
