import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors/gateway-error.js';
import { methodPath, protoServices } from '../grpc/proto-types.js';
import { replyWithError } from './error-reply.js';
import { restRoutesOf } from './rest-rule.js';

/** Answers UNIMPLEMENTED on every route of the contract that no controller serves, so that nothing pretends. */
export function addUnbuiltRoutes(fastify: FastifyInstance): void {
  for (const method of protoServices.flatMap((service) => service.methods)) {
    for (const { verb, path } of restRoutesOf(method)) {
      const route = { method: verb.toUpperCase(), url: path };
      if (fastify.hasRoute(route)) continue;
      const error = new GatewayError('UNIMPLEMENTED', `${methodPath(method).slice(1)} is not built yet`, { reason: 'NOT_BUILT' });
      fastify.route({ ...route, handler: (_, reply) => replyWithError(reply, error) });
    }
  }
}
