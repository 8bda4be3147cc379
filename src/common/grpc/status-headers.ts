import type { Http2Server, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { fitsDetails, fitsMessage, shortenDetails, shortenMessage } from './status-bounds.js';

/** What grpc-js says of calls that it cannot read, percent-encoded as it is sent. */
const UNREADABLE = /^(Invalid%20grpc-timeout%20value|Failed%20to%20decompress%20message)/;

type Headers = OutgoingHttpHeaders | readonly string[] | undefined;

/**
 * Sees to every status that leaves over gRPC, whoever made it: a controller, a library's service, or grpc-js itself.
 *
 * It blames callers for what they did where grpc-js 1.14.7 says INTERNAL, as alarms go off at INTERNAL, and shortens what a client could
 * not take.
 */
export function tendStatusHeaders(server: Http2Server): void {
  // Before grpc-js, which answers some calls at once.
  server.prependListener('stream', (stream: ServerHttp2Stream) => {
    const respond = stream.respond.bind(stream);
    const sendTrailers = stream.sendTrailers.bind(stream);
    stream.respond = (headers, options) => respond(tend(headers), options);
    stream.sendTrailers = (trailers) => sendTrailers(tend(trailers));
  });
}

function tend<T extends Headers>(headers: T): T {
  if (headers === undefined || Array.isArray(headers)) return headers;
  const { 'grpc-status': code, 'grpc-message': message, 'grpc-status-details-bin': details } = headers as OutgoingHttpHeaders;
  const isBlamed = Number(code) === status.INTERNAL && UNREADABLE.test(String(message));
  const isLong = typeof message === 'string' && !fitsMessage(message);
  const isDetailed = typeof details === 'string' && !fitsDetails(details);
  if (!isBlamed && !isLong && !isDetailed) return headers;
  return {
    ...headers,
    ...(isBlamed && { 'grpc-status': status.INVALID_ARGUMENT }),
    ...(isLong && { 'grpc-message': shortenMessage(message) }),
    ...(isDetailed && { 'grpc-status-details-bin': shortenDetails(details) }),
  };
}
