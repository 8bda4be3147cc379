import type { ClientRequest } from 'node:http';
import { StartError, type Config } from '../common/config/config.js';

/** Whether the process works at all, or also whether calls would be answered. */
export type HealthQuestion = 'live' | 'ready';

const ROUTES: Readonly<Record<HealthQuestion, string>> = { live: '/livez', ready: '/readyz' };

const TIMEOUT_MS = 3_000;
const MAX_REASON_CHARACTERS = 200;
/** Addresses to listen at that are none to call. */
const LOOPBACK_OF: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Asks the gateway that listens on this machine by these settings: over HTTP, or over gRPC where that is the only door.
 *
 * It looks at no certificate: nothing is told to who answers, and certificates name what other machines call.
 *
 * @throws StartError in one line when it does not answer in time, or says no
 */
export async function healthcheck(config: Config, question: HealthQuestion): Promise<string> {
  const isHttp = config.TRANSPORTS.includes('http');
  const [setting, port] = isHttp ? (['HTTP_PORT', config.HTTP_PORT] as const) : (['GRPC_PORT', config.GRPC_PORT] as const);
  if (port === 0) throw new StartError(`${setting}: is 0, so nobody knows where to ask`);
  const host = LOOPBACK_OF[config.HOST] ?? config.HOST;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const isTls = config.TLS_CERT_FILE !== undefined;
  return isHttp ? askHttp(`${isTls ? 'https' : 'http'}://${address}${ROUTES[question]}`) : askGrpc(address, isTls, question);
}

async function askHttp(url: string): Promise<string> {
  const { get } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    // No agent of Node's own: it may lead through a proxy.
    const options = { agent: false, rejectUnauthorized: false, servername: '', timeout: TIMEOUT_MS };
    const request: ClientRequest = get(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body = (body + chunk).slice(0, MAX_REASON_CHARACTERS)));
      response.on('error', (error) => reject(failure(url, error)));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(`${url} answers`);
        else reject(new StartError(`${url} answers ${response.statusCode}: ${body.replaceAll(/\s+/g, ' ')}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)));
    request.on('error', (error) => reject(failure(url, error)));
  });
}

async function askGrpc(address: string, isTls: boolean, question: HealthQuestion): Promise<string> {
  const { askGrpcHealth } = await import('./grpc-health.js');
  const status = await askGrpcHealth(address, isTls, TIMEOUT_MS).catch((error: unknown) => {
    throw failure(address, error);
  });
  if (question === 'ready' && status !== 'SERVING') throw new StartError(`${address} answers ${status}`);
  return `${address} answers ${status}`;
}

function failure(address: string, error: unknown): StartError {
  return new StartError(`${address}: ${error instanceof Error ? error.message : String(error)}`);
}
