import { status } from '@grpc/grpc-js';
import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import { pace } from '../pace.js';
import { connect, identity, type GrpcTarget } from './grpc-streams.load.js';

/** What became of calls that came at a steady rate, whether earlier ones were answered or not. */
export interface Offered {
  /** How long each answer took, in ms. */
  readonly servedMs: number[];
  /** Told to come back later. */
  refused: number;
  /** Anything else. */
  lost: number;
}

export interface HttpTarget {
  readonly url: string;
  readonly method: 'GET' | 'POST';
}

type Outcome = 'served' | 'refused' | 'lost';

const HTTP_CONNECTIONS = 64;

async function offer(call: () => Promise<Outcome>, perSecond: number, durationMs: number): Promise<Offered> {
  const offered: Offered = { servedMs: [], refused: 0, lost: 0 };
  const calls: Promise<void>[] = [];
  const callOnce = async (): Promise<void> => {
    const startedAtMs = performance.now();
    const outcome = await call();
    if (outcome === 'served') offered.servedMs.push(performance.now() - startedAtMs);
    else offered[outcome] += 1;
  };
  await pace(perSecond, durationMs, (count) => {
    for (let nth = 0; nth < count; nth += 1) calls.push(callOnce());
  });
  await Promise.all(calls);
  return offered;
}

/** Calls of a unary method over gRPC. */
export async function offerGrpc(target: GrpcTarget, perSecond: number, durationMs: number): Promise<Offered> {
  const clients = connect(target);
  const bytes = Buffer.from(target.request);
  let next = 0;
  const call = (): Promise<Outcome> =>
    new Promise((resolve) => {
      next += 1;
      clients[next % clients.length]?.makeUnaryRequest(target.path, identity, identity, bytes, (error) => {
        if (error === null) resolve('served');
        else resolve(error.code === status.RESOURCE_EXHAUSTED ? 'refused' : 'lost');
      });
    });
  const offered = await offer(call, perSecond, durationMs);
  for (const client of clients) client.close();
  return offered;
}

/** Calls of a route over HTTP. */
export async function offerHttp({ url, method }: HttpTarget, perSecond: number, durationMs: number): Promise<Offered> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: HTTP_CONNECTIONS });
  const call = async (): Promise<Outcome> => {
    const { statusCode, headers, body } = await pool.request({ method, path: pathname });
    await body.dump();
    if (statusCode === 200) return 'served';
    return statusCode === 429 && headers['retry-after'] !== undefined ? 'refused' : 'lost';
  };
  const offered = await offer(call, perSecond, durationMs);
  await pool.destroy();
  return offered;
}
