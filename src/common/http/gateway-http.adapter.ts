import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { isMessage } from '@bufbuild/protobuf';
import { HttpException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { REQUEST_ID, requestIdOf } from '../calls/arrived-call.js';
import { fromUnknown } from '../errors/status-table.js';
import { encodeJson } from '../grpc/encoding.js';
import type { CallsInFlight } from '../limits/calls-in-flight.js';
import { JsonStream } from '../streams/json-stream.js';
import { MessageStream } from '../streams/message-stream.js';
import type { OpenStreams } from '../streams/open-streams.js';
import { HANDSHAKE_TIMEOUT_MS, type TlsFiles } from '../tls/tls-files.js';
import { isAgentRoute, UnreadableBody } from './agent-route.js';
import { replyWithError } from './error-reply.js';
import { fastifyOptions, nodeServerOptions, type HttpServerLimits } from './http-limits.js';
import { RAW_BODY } from './raw-body.js';
import { RawReply } from './raw-reply.js';
import { RestReply } from './rest-reply.js';
import { replyWithStream } from './stream-reply.js';
import { SECURITY_HEADERS } from './web-guard.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Fastify answers what is no URL before its hooks run. */
function replyToBadUrl(failure: Error, { headers }: FastifyRequest, reply: FastifyReply): void {
  const { error, httpStatus } = fromUnknown(failure);
  replyWithError(reply.headers({ ...SECURITY_HEADERS, [REQUEST_ID]: requestIdOf(headers) }), error, httpStatus);
}

export interface GatewayHttpOptions {
  readonly streams: OpenStreams;
  readonly calls: CallsInFlight;
  readonly limits: HttpServerLimits;
  readonly tls: TlsFiles | undefined;
}

/** Fastify, and the one place where an answer becomes HTTP: messages as ProtoJSON, streams as SSE or JSON lines. */
export class GatewayHttpAdapter extends FastifyAdapter {
  private readonly streams: OpenStreams;
  private readonly calls: CallsInFlight;

  constructor({ streams, calls, limits, tls }: GatewayHttpOptions) {
    const server = nodeServerOptions(limits);
    super({
      ...fastifyOptions(limits),
      ...(tls === undefined ? { http: server } : { https: { ...server, ...tlsOptions(tls) } }),
      return503OnClosing: true,
      frameworkErrors: replyToBadUrl,
    });
    this.streams = streams;
    this.calls = calls;
    const fastify = this.getInstance();
    tls?.onChange((context) => (fastify.server as Server).setSecureContext(context));
    // JSON alone is read: what a form or plain text could carry, any web page could send here. Routes that take a raw body
    // are all PUT, which a web page sends nowhere without being allowed to, and read it as it comes.
    fastify.removeContentTypeParser('text/plain');
    fastify.addContentTypeParser('*', (request, payload, done) => {
      if (request.routeOptions.config[RAW_BODY] === true) done(null, payload);
      else if (isAgentRoute(request)) done(null, new UnreadableBody('type'));
      else done(new HttpException('Only application/json is read here', 415));
    });
  }

  // The types of Nest's adapter say `any` for what handlers answer.
  override reply(reply: FastifyReply, body: unknown, status?: number): ReturnType<FastifyAdapter['reply']> {
    if (body instanceof MessageStream || body instanceof JsonStream) {
      replyWithStream(reply, body as MessageStream | JsonStream, this.streams);
      return void this.calls.leave(reply.request) as never;
    }
    if (body instanceof RestReply) {
      void reply.headers(body.options.headers ?? {});
      return this.reply(reply, body.message, body.options.status ?? status);
    }
    if (body instanceof RawReply) {
      return void reply.code(body.status).headers(body.headers).send(body.stream) as never;
    }
    if (isMessage(body)) {
      void reply.header('content-type', JSON_TYPE);
      return super.reply(reply, encodeJson(body), status);
    }
    return super.reply(reply, body, status);
  }
}

/** For `localhost` Fastify opens a second server that it shows to nobody; its connections ask for the name, and get the newest here. */
function tlsOptions(tls: TlsFiles): ServerOptions {
  let newest = createSecureContext(tls.context);
  tls.onChange((context) => (newest = createSecureContext(context)));
  return { ...tls.context, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, SNICallback: (_, done) => done(null, newest) };
}
