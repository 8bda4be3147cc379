import type { OutgoingHttpHeaders } from 'node:http';
import type { DescMethod } from '@bufbuild/protobuf';
import type { FastifyReply } from 'fastify';
import { callerOf } from '../access/caller.js';
import { arrivedOn } from '../calls/arrived-call.js';
import { methodName } from '../grpc/proto-types.js';
import { JsonStream } from '../streams/json-stream.js';
import type { MessageStream } from '../streams/message-stream.js';
import type { OpenStreams, StreamLabels } from '../streams/open-streams.js';
import { noteStream } from './http-outcome.js';
import { HttpSink } from './http.sink.js';
import { methodOfRoute } from './rest-rule.js';
import { encodingOf, jsonEncodingOf } from './stream-encoding.js';
import { eventStream, jsonLines, wantsEventStream } from './stream-format.js';

/** The same object for all streams of one route, for OpenStreams. */
const labels = new Map<DescMethod | undefined, StreamLabels>();

function labelsOf({ request }: FastifyReply): StreamLabels {
  const method = methodOfRoute(request.method, request.routeOptions.url ?? '');
  let known = labels.get(method);
  if (known === undefined) {
    known = { door: 'http', method: method === undefined ? '' : methodName(method) };
    labels.set(method, known);
  }
  return known;
}

const jsonLabels = new Map<string, StreamLabels>();

function jsonLabelsOf({ method }: JsonStream): StreamLabels {
  const known = jsonLabels.get(method) ?? { door: 'http', method };
  jsonLabels.set(method, known);
  return known;
}

/**
 * Takes the response out of Fastify's hands and writes the stream in the format the caller accepts.
 *
 * @throws GatewayError RESOURCE_EXHAUSTED when too many are open
 */
export function replyWithStream(reply: FastifyReply, stream: MessageStream | JsonStream, streams: OpenStreams): void {
  streams.requireRoom(callerOf(reply.request));
  const isJson = stream instanceof JsonStream;
  const encoding = isJson
    ? jsonEncodingOf(stream)
    : encodingOf(stream, wantsEventStream(reply.request.headers.accept) ? eventStream : jsonLines);
  reply.hijack();
  const response = reply.raw;
  noteStream(response);
  // Who left before the stream began is not waited for: the response will never close again.
  if (response.destroyed) return;
  // What the hooks set for every answer would be lost with the reply. A connection whose stream is ended because the gateway ends must
  // not be used again, and its client must know that before it is.
  response.writeHead(200, { ...(reply.getHeaders() as OutgoingHttpHeaders), ...encoding.headers, connection: 'close' });
  if (reply.request.method === 'HEAD') return void response.end();
  if (encoding.opening === '') response.flushHeaders();
  else response.write(encoding.opening);
  const told = isJson ? jsonLabelsOf(stream) : labelsOf(reply);
  const sink = new HttpSink(response, encoding, () => arrivedOn(reply.request).span.settle());
  streams.write(stream.source$, sink, told, callerOf(reply.request));
}
