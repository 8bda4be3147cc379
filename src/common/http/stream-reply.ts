import type { FastifyReply } from 'fastify';
import { principalOf } from '../access/principal.js';
import { methodName, protoServices } from '../grpc/proto-types.js';
import type { MessageStream } from '../streams/message-stream.js';
import type { OpenStreams, StreamLabels } from '../streams/open-streams.js';
import { HttpSink } from './http.sink.js';
import { restRoutesOf } from './rest-rule.js';
import { eventStream, jsonLines, wantsEventStream } from './stream-format.js';

const labelsOfRoute = new Map<string, StreamLabels>(
  protoServices
    .flatMap(({ methods }) => methods)
    .flatMap((method) => restRoutesOf(method).map(({ verb, path }) => [`${verb.toUpperCase()} ${path}`, toLabels(methodName(method))])),
);

function toLabels(method: string): StreamLabels {
  return { door: 'http', method };
}

function labelsOf({ request }: FastifyReply): StreamLabels {
  return labelsOfRoute.get(`${request.method} ${request.routeOptions.url ?? ''}`) ?? toLabels('');
}

/** Takes the response out of Fastify's hands and writes the stream in the format the caller accepts. */
export function replyWithStream(reply: FastifyReply, stream: MessageStream, streams: OpenStreams): void {
  const format = wantsEventStream(reply.request.headers.accept) ? eventStream : jsonLines;
  reply.hijack();
  const response = reply.raw;
  // Who left before the stream began is not waited for: the response will never close again.
  if (response.destroyed) return;
  response.writeHead(200, format.headers);
  if (reply.request.method === 'HEAD') return void response.end();
  if (format.opening === '') response.flushHeaders();
  else response.write(format.opening);
  streams.write(stream.source$, new HttpSink(response, format, stream), labelsOf(reply), principalOf(reply.request));
}
