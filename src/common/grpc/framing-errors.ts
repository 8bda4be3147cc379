import type { Http2Server, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';

/** What grpc-js says of calls that it cannot read, percent-encoded as it is sent. */
const UNREADABLE = /^(Invalid%20grpc-timeout%20value|Failed%20to%20decompress%20message)/;

/** Answers INVALID_ARGUMENT where grpc-js 1.14.7 says INTERNAL of what the caller did: alarms go off at INTERNAL. */
export function blameCallersForFraming(server: Http2Server): void {
  // Before grpc-js, which answers such calls at once.
  server.prependListener('stream', (stream: ServerHttp2Stream) => {
    const respond = stream.respond.bind(stream);
    stream.respond = (headers, options) =>
      respond(isUnreadable(headers) ? { ...headers, 'grpc-status': status.INVALID_ARGUMENT } : headers, options);
  });
}

function isUnreadable(headers: OutgoingHttpHeaders | readonly string[] | undefined): headers is OutgoingHttpHeaders {
  if (headers === undefined || Array.isArray(headers)) return false;
  const { 'grpc-status': code, 'grpc-message': message } = headers as OutgoingHttpHeaders;
  return Number(code) === status.INTERNAL && UNREADABLE.test(String(message));
}
