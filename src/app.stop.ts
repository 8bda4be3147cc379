import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from './common/config/config.js';
import type { GatewayGrpcServer } from './common/grpc/gateway-grpc-server.js';
import type { HttpDrain } from './common/http/http-drain.js';
import type { CallsInFlight } from './common/limits/calls-in-flight.js';
import type { OpenStreams } from './common/streams/open-streams.js';
import type { HealthService } from './modules/health/health.service.js';
import type { TurnCloser } from './modules/message/turn.closer.js';

/** Of DRAIN_TIMEOUT_MS, kept for what comes behind the calls: to abort turns, to say the last words, to end OpenCode. */
const RESERVE_SHARE = 0.25;
const MAX_RESERVE_MS = 2_500;
/** How long connections may take to bring the last words to their clients, when there is time: some never take them. */
const MAX_LAST_WORDS_MS = 5_000;

/** What a stop has to do with. */
export interface StopParts {
  readonly config: Pick<Config, 'DRAIN_DELAY_MS' | 'DRAIN_TIMEOUT_MS'>;
  readonly logger: Logger;
  readonly health: HealthService;
  readonly grpc: GatewayGrpcServer;
  readonly http: HttpDrain;
  readonly calls: CallsInFlight;
  /** Of readers, and of those who watch our health. */
  readonly streams: readonly OpenStreams[];
  readonly turns: TurnCloser;
  /** Ends all the rest. */
  close(): Promise<void>;
}

/**
 * Ends the gateway so that nobody loses a call or an event who goes on at another.
 *
 * First nobody is sent here any more, and everybody is served; then clients are told to go, streams end with where to resume, and calls
 * in flight get their answers; what is left is told that none will come; then all is closed, our own OpenCode last.
 */
export async function stopInOrder(parts: StopParts): Promise<void> {
  const { config, logger, health, grpc, http, calls, turns } = parts;
  const reserveMs = Math.min(config.DRAIN_TIMEOUT_MS * RESERVE_SHARE, MAX_RESERVE_MS);
  health.leave();
  http.leave();
  logger.info({ context: 'Stop' }, `Not ready any more; clients are told to go in ${config.DRAIN_DELAY_MS} ms`);
  await pause(config.DRAIN_DELAY_MS);
  await readWhatHasArrived();
  const reserveFromMs = performance.now() + config.DRAIN_TIMEOUT_MS - reserveMs;
  // In this order: who reads that its stream ended has read before that it is to come back over another connection.
  const gone = Promise.all([grpc.drain(), http.drain()]);
  for (const streams of parts.streams) streams.close();
  await within(reserveFromMs - performance.now(), Promise.all([calls.untilNone(), turns.handOver()]));
  await within(reserveMs / 2, turns.close());
  await within(reserveMs / 4, calls.untilNone());
  const refused = grpc.refuseUnanswered() + http.refuseUnanswered();
  if (refused > 0) logger.warn({ context: 'Stop' }, `${refused} calls were not answered in ${config.DRAIN_TIMEOUT_MS} ms`);
  await within(Math.max(reserveMs / 4, Math.min(reserveFromMs - performance.now(), MAX_LAST_WORDS_MS)), gone);
  await grpc.close();
  http.close();
  await parts.close();
}

/**
 * A connection looks idle until its request is read, and may be closed for it: on a busy process requests lie there for a while. The
 * event loop takes connections in one turn, and reads from them in the next.
 */
async function readWhatHasArrived(): Promise<void> {
  await nextTurn();
  await nextTurn();
}

/** Waits no longer than that. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, pause(Math.max(ms, 0), undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
}
