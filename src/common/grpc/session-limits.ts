import type { Http2Server, ServerHttp2Stream } from 'node:http2';
import { STATUS_TABLE } from '../errors/status-table.js';

export interface SessionLimits {
  readonly maxConnections: number;
  /** How long a request may take to arrive; 0: no limit. */
  readonly requestTimeoutS: number;
}

/** What grpc-js leaves open: how many may connect, and how long a call may go without its request. */
export function limitSessions(server: Http2Server, { maxConnections, requestTimeoutS }: SessionLimits): void {
  server.maxConnections = maxConnections;
  if (requestTimeoutS > 0) server.on('stream', (stream) => cutLateRequest(stream, requestTimeoutS * 1_000));
}

function cutLateRequest(stream: ServerHttp2Stream, timeoutMs: number): void {
  // Nothing more will come, and nobody needs to wait for it.
  if (stream.endAfterHeaders) return;
  const timer = setTimeout(() => refuseLate(stream), timeoutMs).unref();
  stream.once('close', () => clearTimeout(timer));
}

function refuseLate(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  if (!stream.headersSent) {
    const status = { 'grpc-status': STATUS_TABLE.DEADLINE_EXCEEDED.grpc, 'grpc-message': 'The request did not arrive in time' };
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
  }
  stream.close();
}
