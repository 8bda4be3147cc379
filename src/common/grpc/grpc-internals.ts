import type { Http2Server, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

interface CallInternals {
  readonly stream?: ServerHttp2Stream;
  readonly call?: { readonly stream?: ServerHttp2Stream; readonly nextCall?: { readonly stream?: ServerHttp2Stream } };
}

interface ServerInternals {
  readonly http2Servers?: ReadonlyMap<Http2Server, unknown>;
}

/** The HTTP/2 stream under a call, or under the one that an interceptor is given, which grpc-js keeps to itself. @throws Error when grpc-js has changed inside */
export function http2StreamOf(call: unknown): ServerHttp2Stream {
  const { stream: own, call: inner } = call as CallInternals;
  const stream = own ?? inner?.stream ?? inner?.nextCall?.stream;
  if (stream === undefined) throw new Error('grpc-js no longer keeps the HTTP/2 stream of a call where it did');
  return stream;
}

/** The HTTP/2 servers under a bound server: one for each address. @throws Error when grpc-js has changed inside */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as ServerInternals;
  if (http2Servers === undefined) throw new Error('grpc-js no longer keeps its HTTP/2 servers where it did');
  return [...http2Servers.keys()];
}

/** Sends a header with whatever grpc-js answers: messages, or a status alone. */
export function addHeader(stream: ServerHttp2Stream, name: string, value: string): void {
  const respond = stream.respond.bind(stream);
  stream.respond = (headers?: OutgoingHttpHeaders, options?) => respond({ ...headers, [name]: value }, options);
}
