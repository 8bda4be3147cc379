import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { requireTypes } from '../wire/request-types.js';

type Json = Readonly<Record<string, unknown>>;

/** A message of the protocol out of JSON. @throws GatewayError INVALID_ARGUMENT for what cannot be one */
export function decode<T>(codec: { fromJSON(json: unknown): T }, json: Json): T {
  requireTypes(json);
  try {
    return codec.fromJSON(json);
  } catch (error) {
    throw new GatewayError('INVALID_ARGUMENT', 'The request cannot be read', { reason: 'MALFORMED_REQUEST', cause: error });
  }
}

/** A body may be missing where nothing must be said. @throws GatewayError INVALID_ARGUMENT for one that is no object */
export function bodyOf({ body }: FastifyRequest): Json {
  if (body === undefined || body === null) return {};
  if (typeof body === 'object' && !Array.isArray(body)) return body as Json;
  throw GatewayError.invalid('body', 'must be an object');
}

/** The query, with numbers and truths for what looks like them. */
export function queryOf(request: FastifyRequest): Json {
  const { pageSize, historyLength, includeArtifacts, ...rest } = request.query as Readonly<Record<string, string>>;
  return {
    ...rest,
    ...(pageSize !== undefined && { pageSize: toWhole(pageSize, 'pageSize') }),
    ...(historyLength !== undefined && { historyLength: toWhole(historyLength, 'historyLength') }),
    ...(includeArtifacts !== undefined && { includeArtifacts: includeArtifacts === 'true' }),
  };
}

export function historyLengthOf(request: FastifyRequest): number | undefined {
  const { historyLength, history_length: legacy } = request.query as Readonly<Record<string, string | undefined>>;
  const given = historyLength ?? legacy;
  return given === undefined ? undefined : toWhole(given, 'historyLength');
}

export function taskIdOf({ params }: FastifyRequest): string {
  return (params as { readonly taskId: string }).taskId;
}

export function configIdOf({ params }: FastifyRequest): string {
  return (params as { readonly configId: string }).configId;
}

export function tenantOf({ params }: FastifyRequest): Json {
  const { tenant } = params as { readonly tenant?: string };
  return tenant === undefined ? {} : { tenant };
}

function toWhole(text: string, field: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw GatewayError.invalid(field, 'must be a whole number');
}
