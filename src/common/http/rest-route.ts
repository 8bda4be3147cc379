import type { DescMethod } from '@bufbuild/protobuf';
import {
  applyDecorators,
  createParamDecorator,
  Delete,
  Get,
  HttpCode,
  Patch,
  Post,
  Put,
  SetMetadata,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { methodPath } from '../grpc/proto-types.js';
import { toRequestMessage } from './rest-request.js';
import { restRoutesOf, type RestVerb } from './rest-rule.js';

const REST_METHOD = 'rest:method';
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
  return applyDecorators(VERBS[first.verb](paths), HttpCode(200), SetMetadata(REST_METHOD, method));
}

/** The request message of the route's method, put together from path, query and body. */
export const RestRequest = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const method = Reflect.getMetadata(REST_METHOD, context.getHandler()) as DescMethod;
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const path = request.routeOptions.url;
  const rule = restRoutesOf(method).find((route) => route.path === path) ?? restRoutesOf(method)[0];
  return toRequestMessage(method.input, rule, request);
});
