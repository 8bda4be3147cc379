import { isMessage } from '@bufbuild/protobuf';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { encodeJson } from '../grpc/encoding.js';
import type { QueueBounds } from '../streams/bounded-queue.js';
import { MessageStream } from '../streams/message-stream.js';
import { RestReply } from './rest-reply.js';
import { replyWithStream } from './stream-reply.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Fastify, and the one place where an answer becomes HTTP: messages as ProtoJSON, streams as SSE or JSON lines. */
export class GatewayHttpAdapter extends FastifyAdapter {
  constructor(
    private readonly streamBounds: QueueBounds,
    maxRequestBytes: number,
  ) {
    super({ bodyLimit: maxRequestBytes, return503OnClosing: true });
    // JSON alone is read: what a form or plain text could carry, any web page could send here.
    this.getInstance().removeContentTypeParser('text/plain');
  }

  // The types of Nest's adapter say `any` for what handlers answer.
  override reply(reply: FastifyReply, body: unknown, status?: number): ReturnType<FastifyAdapter['reply']> {
    if (body instanceof MessageStream) return void replyWithStream(reply, body as MessageStream, this.streamBounds) as never;
    if (body instanceof RestReply) {
      void reply.headers(body.options.headers ?? {});
      return this.reply(reply, body.message, body.options.status ?? status);
    }
    if (isMessage(body)) {
      void reply.header('content-type', JSON_TYPE);
      return super.reply(reply, encodeJson(body), status);
    }
    return super.reply(reply, body, status);
  }
}
