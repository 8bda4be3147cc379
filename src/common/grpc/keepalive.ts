import type { Http2Server, ServerHttp2Session } from 'node:http2';

/** A peer that does not answer a ping for so long is gone. */
const ANSWER_WITHIN_MS = 10_000;

/**
 * Pings those who are connected, and cuts who does not answer.
 *
 * grpc-js's own keepalive also pings sessions that are closing; that fails, and it then destroys them: in 1.14.7 calls in flight
 * at the maximum connection age or at a shutdown are so cut at random.
 */
export function keepSessionsAlive(server: Http2Server, everyMs: number): void {
  server.on('session', (session) => {
    const timer = setInterval(() => ping(session), everyMs).unref();
    session.once('close', () => clearInterval(timer));
  });
}

function ping(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  const silence = setTimeout(() => session.destroy(), ANSWER_WITHIN_MS).unref();
  session.ping(() => clearTimeout(silence));
}
