import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { QueueBounds } from '../streams/bounded-queue.js';
import { writeBounded } from '../streams/bounded-writer.js';
import type { MessageStream } from '../streams/message-stream.js';
import { HttpSink } from './http.sink.js';
import { eventStream, jsonLines, wantsEventStream } from './stream-format.js';

const HEARTBEAT_MS = 15_000;

/** Takes the response out of Fastify's hands and writes the stream in the format the caller accepts. */
export function replyWithStream(reply: FastifyReply, stream: MessageStream, bounds: QueueBounds): void {
  const format = wantsEventStream(reply.request.headers.accept) ? eventStream : jsonLines;
  reply.hijack();
  const response = reply.raw;
  response.writeHead(200, format.headers);
  if (reply.request.method === 'HEAD') return void response.end();
  if (format.opening === '') response.flushHeaders();
  else response.write(format.opening);
  const sink = new HttpSink(response, format, stream);
  keepAlive(response, sink, format.heartbeat);
  writeBounded(stream.source$, sink, bounds);
}

function keepAlive(response: ServerResponse, sink: HttpSink<object>, heartbeat: string): void {
  if (heartbeat === '') return;
  const timer = setInterval(() => {
    // A reader that does not even take what it has needs no proof of life.
    if (sink.isWritable) response.write(heartbeat);
  }, HEARTBEAT_MS);
  timer.unref();
  response.once('close', () => clearInterval(timer));
}
