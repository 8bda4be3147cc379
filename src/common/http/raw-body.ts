import { Readable } from 'node:stream';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Name of the mark in a route's configuration. */
export const RAW_BODY = 'rawBody';

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly [RAW_BODY]?: boolean;
  }
}

/** Lets a PUT route also take a body that is not JSON, unread. */
export const TakesRawBody = (): MethodDecorator => applyDecorators(RouteConfig({ [RAW_BODY]: true }));

/** The raw body as it comes; undefined when it was JSON. */
export const RawBody = createParamDecorator((_: unknown, context: ExecutionContext): AsyncIterable<Uint8Array> | undefined => {
  const { body } = context.switchToHttp().getRequest<FastifyRequest>();
  // Who stops reading must not take the connection down: the answer goes over it.
  return body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : undefined;
});
