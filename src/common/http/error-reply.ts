import type { FastifyReply } from 'fastify';
import type { GatewayError } from '../errors/gateway-error.js';
import { STATUS_TABLE } from '../errors/status-table.js';
import { noteFailure } from './http-outcome.js';
import { toProblem, toStatusJson } from '../errors/status.mapper.js';

/** A failure as an HTTP answer: Status JSON, or problem details to a caller who accepts them. */
export function replyWithError(reply: FastifyReply, error: GatewayError, httpStatus = STATUS_TABLE[error.code].http): void {
  if (reply.sent) return;
  const { request } = reply;
  noteFailure(reply.raw, error.code);
  if (httpStatus === 401) void reply.header('www-authenticate', 'Bearer realm="opencode-gateway"');
  if (error.retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfterMs / 1_000)));
  const acceptsProblem = request.headers.accept?.includes('application/problem+json') ?? false;
  const body = acceptsProblem ? toProblem(error, httpStatus, pathOf(request.url)) : toStatusJson(error);
  void reply
    .code(httpStatus)
    .type(acceptsProblem ? 'application/problem+json' : 'application/json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** A query may hold a token, and answers are kept in more places than requests. */
function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
