import type { DescMethod, Message } from '@bufbuild/protobuf';
import { applyDecorators, createParamDecorator, Delete, Get, HttpCode, Patch, Post, Put, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { methodPath } from '../grpc/proto-types.js';
import { toRequestMessage } from './rest-request.js';
import { methodOfRoute, restRoutesOf, type RestVerb } from './rest-rule.js';

const REQUEST = Symbol('request message');
const VERBS = { get: Get, put: Put, post: Post, delete: Delete, patch: Patch } as const satisfies Record<RestVerb, unknown>;
/**
 * Serves a method of the contract on its REST routes; paths and verbs come from the contract.
 *
 * @throws Error at start when the contract names no route for the method.
 */
export function RestRoute(method: DescMethod): MethodDecorator {
  const routes = restRoutesOf(method);
  const [first] = routes;
  if (first === undefined) throw new Error(`${methodPath(method)} has no google.api.http option`);
  const paths = routes.map((route) => route.path);
  return applyDecorators(VERBS[first.verb](paths), HttpCode(200));
}

/** The request message of the route's method, put together from path, query and body, once; undefined on a route that is no method's. @throws as `toRequestMessage` */
export function requestMessageOf(request: FastifyRequest & { [REQUEST]?: Message }): Message | undefined {
  const { url = '' } = request.routeOptions;
  const method = methodOfRoute(request.method, url);
  if (method === undefined) return undefined;
  const rule = restRoutesOf(method).find((route) => route.path === url);
  request[REQUEST] ??= toRequestMessage(method.input, rule, request);
  return request[REQUEST];
}

/** The same, as a handler's parameter. */
export const RestRequest = createParamDecorator((_: unknown, context: ExecutionContext) =>
  requestMessageOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
