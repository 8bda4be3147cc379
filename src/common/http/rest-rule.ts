import { getOption, type DescMethod } from '@bufbuild/protobuf';
import { http } from '../grpc/generated/google/api/annotations_pb.js';
import type { HttpRule } from '../grpc/generated/google/api/http_pb.js';
import { protoServices } from '../grpc/proto-types.js';

export type RestVerb = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface RestRouteRule {
  readonly verb: RestVerb;
  /** As Fastify writes it: `/sessions/:session_id`, `/files/*`. */
  readonly path: string;
  /** `*`: the whole body; a field name; empty: no body. */
  readonly body: string;
  /** Names of the path parameters; a trailing `**` one is Fastify's `*`. */
  readonly wildcard: string | undefined;
}

function toRule({ pattern, body }: HttpRule): RestRouteRule | undefined {
  if (pattern.case === undefined || pattern.case === 'custom') return undefined;
  const wildcard = /\{(\w+)=\*\*\}/.exec(pattern.value)?.[1];
  const path = pattern.value.replace(/\{\w+=\*\*\}/, '*').replaceAll(/\{(\w+)\}/g, ':$1');
  return { verb: pattern.case, path, body, wildcard };
}

/** The REST routes that the contract's google.api.http option gives a method; none if it is gRPC only. */
export function restRoutesOf(method: DescMethod): RestRouteRule[] {
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map(toRule).filter((route) => route !== undefined);
}

const methodOfPath = new Map<string, DescMethod>();
for (const method of protoServices.flatMap(({ methods }) => methods)) {
  for (const { verb, path } of restRoutesOf(method)) methodOfPath.set(`${verb.toUpperCase()} ${path}`, method);
}

/** The method that a route of Fastify's serves; undefined when it is no method's. A HEAD is a GET that is not read. */
export function methodOfRoute(verb: string, path: string): DescMethod | undefined {
  return methodOfPath.get(`${verb === 'HEAD' ? 'GET' : verb} ${path}`);
}
