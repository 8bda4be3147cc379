import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.js';
import { fromUnknown } from '../errors/status-table.js';
import { isProbe, isUrgent, maxBytesOf, type RequestBounds } from '../limits/call-limits.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import { requireFewValues } from '../limits/field-count.js';
import { AGENT_ROUTE, isAgentRoute, UnreadableBody } from './agent-route.js';
import { replyWithError } from './error-reply.js';
import { RAW_BODY } from './raw-body.js';
import { methodOfRoute } from './rest-rule.js';

/** How often Node looks for connections whose headers are late. */
const CHECK_MS = 1_000;
/** What of a raw file must arrive in the time that another request has for all of it. */
const MIN_BYTES = 1024 * 1024;

/** A2A has a type of its own for the same JSON. */
const JSON_TYPES = ['application/json', 'application/a2a+json'];

export interface HttpServerLimits extends RequestBounds {
  /** Of requests to the routes of A2A. */
  readonly maxAgentBytes: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  /** For headers and body; 0: no limit. */
  readonly requestTimeoutS: number;
  readonly keepaliveS: number;
}

/** What Fastify can do by itself. */
export function fastifyOptions({ maxBytes, keepaliveS }: HttpServerLimits) {
  return { bodyLimit: maxBytes, keepAliveTimeout: keepaliveS * 1_000, rewriteUrl: ({ url = '' }: IncomingMessage) => withPlainVerb(url) };
}

/** Routers look for the colon of a custom method (`…:cancel`) before they decode, and some clients encode it. */
function withPlainVerb(url: string): string {
  return url.replace(/%3a(?=[a-z]+(\?|$))/i, ':');
}

/** What Node's server can do by itself, with TLS or without. */
export function nodeServerOptions({ maxHeaderBytes, requestTimeoutS }: HttpServerLimits) {
  return { maxHeaderSize: maxHeaderBytes, headersTimeout: requestTimeoutS * 1_000, connectionsCheckingInterval: CHECK_MS };
}

/** Bounds what requests may hold and how long they may take to come, each by the method that it calls. Comes before the routes do. */
export function limitHttp(fastify: FastifyInstance, calls: CallsInFlight, limits: HttpServerLimits): void {
  fastify.server.maxConnections = limits.maxConnections;
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser<string>(JSON_TYPES, { parseAs: 'string' }, (request, body, done) => {
    const ofAgents = isAgentRoute(request);
    if (ofAgents && body === '') return done(null, undefined);
    try {
      requireFewValues(body);
    } catch (error) {
      return done(error as Error);
    }
    void parse(request, body, (error, value) =>
      ofAgents && error !== null ? done(null, new UnreadableBody('syntax')) : done(error, value),
    );
  });
  fastify.addHook('onRoute', (route) => {
    const [verb = ''] = [route.method].flat();
    const ofAgents = route.config?.[AGENT_ROUTE] !== undefined;
    route.bodyLimit = ofAgents ? limits.maxAgentBytes : maxBytesOf(methodOfRoute(verb, route.url), limits);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    if (limits.requestTimeoutS > 0 && hasBody(request)) cutLateBody(request, reply, limits.requestTimeoutS * 1_000);
    const { url } = request.routeOptions;
    if (isProbe(url)) return done();
    try {
      calls.enter(request, isUrgent(methodOfRoute(request.method, url ?? '')));
    } catch (error) {
      return replyWithError(reply, fromUnknown(error).error);
    }
    reply.raw.once('close', () => calls.leave(request));
    done();
  });
}

function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Node has one time for all requests, and a file of 1 GiB takes longer than a prompt may. */
function cutLateBody(request: FastifyRequest, reply: FastifyReply, timeoutMs: number): void {
  const { raw } = request;
  const { socket } = raw;
  const mayGoOn = request.routeOptions.config[RAW_BODY] === true;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    if (raw.complete) return clearInterval(timer);
    const arrived = socket.bytesRead - before;
    before = socket.bytesRead;
    if (mayGoOn && !reply.raw.writableFinished && arrived >= MIN_BYTES) return;
    clearInterval(timer);
    void reply.header('connection', 'close');
    replyWithError(reply, new GatewayError('DEADLINE_EXCEEDED', 'The request did not arrive in time', { reason: 'REQUEST_TIMEOUT' }), 408);
    // Whoever was answered before it sent all would go on for ever.
    if (reply.raw.writableFinished) socket.destroySoon();
    else reply.raw.once('finish', () => socket.destroySoon());
    // Node forgets a request that was answered: who reads its body would wait for the rest.
    socket.once('close', () => raw.destroy());
  }, timeoutMs).unref();
  raw.once('close', () => clearInterval(timer));
}
