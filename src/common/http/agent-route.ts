import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Name of the mark in a route's configuration. */
export const AGENT_ROUTE = 'agentRoute';

/** A request of A2A as the log may show it. */
export interface LoggedAgentCall {
  readonly name: string;
  readonly toText: () => string;
}

export interface AgentRouteOptions {
  /** Undefined for a body that the log must not have; without it, none is logged. */
  readonly toLogged?: (body: unknown) => LoggedAgentCall | undefined;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly [AGENT_ROUTE]?: AgentRouteOptions;
  }
}

/**
 * Marks a route of A2A, which is no method of our contract: whoever has a token may knock, and what they ask for decides what they
 * need; bodies have a limit of their own, may be missing, and what is no JSON is answered in A2A's own way.
 */
export const AgentRoute = (options: AgentRouteOptions = {}): MethodDecorator => applyDecorators(RouteConfig({ [AGENT_ROUTE]: options }));

export function isAgentRoute({ routeOptions }: Pick<FastifyRequest, 'routeOptions'>): boolean {
  return routeOptions.config[AGENT_ROUTE] !== undefined;
}

/** Stands for a body of another type, which is not read, or one that says it is JSON and is not. */
export class UnreadableBody {
  constructor(readonly reason: 'type' | 'syntax') {}
}
