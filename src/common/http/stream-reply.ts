import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { QueueBounds } from '../streams/bounded-queue.js';
import { writeBounded, type StreamSink } from '../streams/bounded-writer.js';
import type { MessageStream } from '../streams/message-stream.js';
import { eventStream, jsonLines, wantsEventStream, type StreamFormat } from './stream-format.js';

const HEARTBEAT_MS = 15_000;

class HttpSink<T extends object> implements StreamSink<T> {
  constructor(
    private readonly response: ServerResponse,
    private readonly format: StreamFormat,
    private readonly stream: MessageStream<T>,
  ) {}

  encode(item: T): Buffer {
    const { toMessage, idOf } = this.stream;
    return this.format.encode(toMessage(item), idOf?.(item));
  }

  write(bytes: Buffer): boolean {
    return this.response.write(bytes);
  }

  end(): void {
    this.response.end();
  }

  fail(error: unknown): void {
    this.response.end(this.format.encodeError(error));
  }

  destroy(): void {
    this.response.destroy();
  }

  onDrain(listener: () => void): void {
    this.response.on('drain', listener);
  }

  onClose(listener: () => void): void {
    this.response.once('close', listener);
  }
}

/** Takes the response out of Fastify's hands and writes the stream in the format the caller accepts. */
export function replyWithStream(reply: FastifyReply, stream: MessageStream, bounds: QueueBounds): void {
  const format = wantsEventStream(reply.request.headers.accept) ? eventStream : jsonLines;
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, format.headers);
  if (reply.request.method === 'HEAD') return void response.end();
  if (format.opening === '') response.flushHeaders();
  else response.write(format.opening);
  keepAlive(response, format.heartbeat);
  writeBounded(stream.source$, new HttpSink(response, format, stream), bounds);
}

function keepAlive(response: ServerResponse, heartbeat: string): void {
  if (heartbeat === '') return;
  const timer = setInterval(() => {
    // A reader that does not even take what it has needs no proof of life.
    if (!response.writableNeedDrain && !response.writableEnded) response.write(heartbeat);
  }, HEARTBEAT_MS);
  timer.unref();
  response.once('close', () => clearInterval(timer));
}
