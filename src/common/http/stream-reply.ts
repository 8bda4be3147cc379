import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { QueueBounds } from '../streams/bounded-queue.js';
import { writeBounded, type StreamSink } from '../streams/bounded-writer.js';
import type { RestStream } from './rest-reply.js';
import { eventStream, jsonLines, wantsEventStream, type StreamFormat } from './stream-format.js';

const HEARTBEAT_MS = 15_000;

function toSink(response: ServerResponse, format: StreamFormat): StreamSink {
  return {
    write: (bytes) => response.write(bytes),
    end: () => response.end(),
    fail: (error) => response.end(format.encodeError(error)),
    destroy: () => response.destroy(),
    onDrain: (listener) => response.on('drain', listener),
    onClose: (listener) => response.once('close', listener),
  };
}

/** Takes the response out of Fastify's hands and writes the stream in the format the caller accepts. */
export function replyWithStream(reply: FastifyReply, stream: RestStream, bounds: QueueBounds): void {
  const format = wantsEventStream(reply.request.headers.accept) ? eventStream : jsonLines;
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, format.headers);
  if (reply.request.method === 'HEAD') return void response.end();
  if (format.opening === '') response.flushHeaders();
  else response.write(format.opening);
  keepAlive(response, format.heartbeat);
  const { idOf } = stream;
  writeBounded(stream.messages$, toSink(response, format), (message) => format.encode(message, idOf?.(message)), bounds);
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
