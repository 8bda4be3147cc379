import type { FastifyInstance, FastifyRequest } from 'fastify';
import { callerOf } from '../access/caller.js';
import { toLoggedMethod, type LoggedCall, type PayloadLog } from '../logging/payload-log.js';
import { AGENT_ROUTE, UnreadableBody } from './agent-route.js';
import { methodOfRoute } from './rest-rule.js';

/** A call, and its request as text. */
interface LoggedRequest extends LoggedCall {
  readonly toText: () => string;
}

/** Logs what is asked and answered over HTTP: JSON alone, and no streams, which Fastify does not send. */
export function logHttpPayloads(fastify: FastifyInstance, log: PayloadLog): void {
  fastify.addHook('preHandler', (request, _, done) => {
    const call = toLoggedRequest(request);
    if (call !== undefined) log.request(call, call.toText);
    done();
  });
  fastify.addHook('onSend', (request, _, payload, done) => {
    const call = typeof payload === 'string' ? toLoggedRequest(request) : undefined;
    if (call !== undefined) log.answer(call, () => String(payload));
    done();
  });
}

function toLoggedRequest(request: FastifyRequest): LoggedRequest | undefined {
  const { body, headers } = request;
  const shown = ofAgents(request) ?? ofContract(request);
  if (shown === undefined) return undefined;
  const isChunked = headers['transfer-encoding'] !== undefined;
  return {
    ...shown,
    door: 'http',
    isReadable: !(body instanceof UnreadableBody),
    caller: callerOf(request),
    requestBytes: isChunked ? undefined : Number(headers['content-length'] ?? 0),
  };
}

type Shown = Pick<LoggedRequest, 'name' | 'isShown' | 'toText'>;

function ofAgents({ body, routeOptions }: FastifyRequest): Shown | undefined {
  const logged = routeOptions.config[AGENT_ROUTE]?.toLogged?.(body);
  return logged && { ...logged, isShown: true };
}

function ofContract({ body, method: verb, routeOptions }: FastifyRequest): Shown | undefined {
  const method = methodOfRoute(verb, routeOptions.url ?? '');
  return method && { ...toLoggedMethod(method), toText: () => JSON.stringify(body ?? {}) };
}
