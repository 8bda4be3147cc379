import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { HealthImplementation, type ServingStatus } from 'grpc-health-check';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestAuthority, type Issued } from '../../test/support/test-authority.js';
import { readConfig } from '../common/config/config.js';
import { healthcheck } from './healthcheck.js';

describe('healthcheck', () => {
  const folder = mkdtempSync(join(tmpdir(), 'healthcheck-'));
  const TLS = { TLS_CERT_FILE: join(folder, 'cert.pem'), TLS_KEY_FILE: join(folder, 'key.pem') };
  const stops: (() => void)[] = [];
  let issued: Issued;

  beforeAll(async () => {
    issued = await (await TestAuthority.create()).issueForServer();
    writeFileSync(TLS.TLS_CERT_FILE, issued.cert);
    writeFileSync(TLS.TLS_KEY_FILE, issued.key);
  });

  afterEach(() => {
    for (const stop of stops.splice(0)) stop();
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  async function listen(server: Server, host = '127.0.0.1'): Promise<string> {
    await once(server.listen(0, host), 'listening');
    stops.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return String((server.address() as AddressInfo).port);
  }

  async function serveGrpc(status: ServingStatus, tls: boolean): Promise<string> {
    const server = new GrpcServer();
    new HealthImplementation({ '': status }).addToServer(server);
    const pair = { cert_chain: Buffer.from(issued.cert), private_key: Buffer.from(issued.key) };
    const credentials = tls ? ServerCredentials.createSsl(null, [pair]) : ServerCredentials.createInsecure();
    stops.push(() => server.forceShutdown());
    return new Promise((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(String(port)) : reject(error))),
    );
  }

  const answering =
    (status: number, body = '{}'): RequestListener =>
    (_, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);

  const ask = (settings: NodeJS.ProcessEnv, question: 'live' | 'ready' = 'live'): Promise<string> =>
    healthcheck(readConfig(settings), question);

  it.each(['127.0.0.1', 'localhost', '0.0.0.0', '::'])('finds the gateway that is bound to %s', async (HOST) => {
    const HTTP_PORT = await listen(createServer(answering(200)), HOST);

    await expect(ask({ HOST, HTTP_PORT })).resolves.toMatch(/^http:\/\/.*:\d+\/\w+ answers$/);
  });

  it('asks over TLS what speaks TLS, whatever its certificate names', async () => {
    const HTTP_PORT = await listen(createTlsServer({ cert: issued.cert, key: issued.key }, answering(200)));

    await expect(ask({ ...TLS, HTTP_PORT })).resolves.toMatch(/^https:/);
  });

  it('says in one line what the gateway says against itself', async () => {
    const HTTP_PORT = await listen(createServer(answering(503, '{\n  "opencode": "away"\n}')));

    await expect(ask({ HTTP_PORT }, 'ready')).rejects.toThrow(/^http:\S+ answers 503: \{ "opencode": "away" \}$/);
  });

  it('fails when nobody listens', async () => {
    const server = createServer();
    const HTTP_PORT = await listen(server);
    await once(server.close(), 'close');

    await expect(ask({ HTTP_PORT })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('fails when whoever listens never answers', async () => {
    const HTTP_PORT = await listen(createServer(() => undefined));

    await expect(ask({ HTTP_PORT })).rejects.toThrow(/no answer within 3 s/);
  });

  it('cannot ask at a port that nobody knows', async () => {
    await expect(ask({ HTTP_PORT: '0' })).rejects.toThrow(/^HTTP_PORT: is 0/);
  });

  it.each([
    ['plaintext', false],
    ['TLS', true],
  ])('asks over gRPC when that is the only door, in %s', async (_, tls) => {
    const settings = { TRANSPORTS: 'grpc', GRPC_PORT: await serveGrpc('SERVING', tls), ...(tls ? TLS : {}) };

    await expect(ask(settings, 'ready')).resolves.toMatch(/answers SERVING$/);
  });

  it('calls a gateway that does not serve yet alive, and not ready', async () => {
    const settings = { TRANSPORTS: 'grpc', GRPC_PORT: await serveGrpc('NOT_SERVING', false) };

    await expect(ask(settings, 'live')).resolves.toMatch(/answers NOT_SERVING$/);
    await expect(ask(settings, 'ready')).rejects.toThrow(/answers NOT_SERVING$/);
  });
});
