import { request } from 'undici';
import { protoServices } from '../../src/common/grpc/proto-types.js';
import { readUntil } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { HealthClient } from '../support/health-client.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';

const NOT_FOUND = 5;
const SERVICES = ['', ...protoServices.map(({ typeName }) => typeName), 'lf.a2a.v1.A2AService', 'a2a.v1.A2AService'];

describe('the health of a gateway', () => {
  let opencode: OpencodeServer;
  let gateway: RemoteGateway;
  let grpc: HealthClient;

  beforeAll(async () => {
    opencode = await OpencodeServer.start();
    gateway = await opencode.gateway({
      ACCESS_TOKEN: 'a-token-that-is-long-enough',
      HTTP_ALLOWED_HOSTS: 'gateway.example.org',
      RATE_LIMIT_PER_MINUTE: '1',
      MAX_CALLS_IN_FLIGHT: '1',
    });
    grpc = new HealthClient(gateway.grpcAddress);
  });

  afterAll(async () => {
    grpc.close();
    await gateway.stop();
    await opencode.stop();
  });

  async function probe(path: string, options: Parameters<typeof request>[1] = {}) {
    const { statusCode, headers, body } = await request(gateway.httpUrl + path, options);
    const text = await body.text();
    return { status: statusCode, cacheControl: headers['cache-control'], json: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  it.each([
    ['/livez', { alive: true }],
    ['/readyz', { ready: true, notReady: [] }],
  ])('is told at %s to everybody, however often, and kept by nobody', async (path, json) => {
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(await probe(path));

    expect(answers).toEqual(answers.map(() => ({ status: 200, cacheControl: 'no-store', json })));
    expect(await probe(path, { method: 'HEAD' })).toMatchObject({ status: 200, json: undefined });
  });

  it.each(['10.1.2.3:8081', '[fd00::12]:8081'])('is told to who probes the address %s', async (host) => {
    expect(await probe('/readyz', { headers: { host } })).toMatchObject({ status: 200 });
  });

  it('is told of the whole and of each service', async () => {
    const checks = await Promise.all(SERVICES.map((name) => grpc.check(name)));

    expect(checks).toEqual(SERVICES.map(() => 'SERVING'));
    expect(await grpc.list()).toEqual(Object.fromEntries(SERVICES.map((name) => [name, 'SERVING'])));
  });

  it('is not told of a service that is not there', async () => {
    await expect(grpc.check('nonsense')).rejects.toMatchObject({ code: NOT_FOUND });
    expect(await readUntil(grpc.watch('nonsense'), () => true)).toEqual(['SERVICE_UNKNOWN']);
  });

  it('follows OpenCode, and the process lives on without it', async () => {
    const [whole, service] = [grpc.watch(''), grpc.watch('opencode.session.SessionService')];
    await Promise.all([whole, service].map((watch) => readUntil(watch, () => true)));

    await opencode.kill();

    const isGone = (status: string): boolean => status === 'NOT_SERVING';
    expect(await Promise.all([whole, service].map((watch) => readUntil(watch, isGone)))).toEqual([['NOT_SERVING'], ['NOT_SERVING']]);
    expect(await probe('/readyz')).toEqual({ status: 503, cacheControl: 'no-store', json: { ready: false, notReady: ['upstream'] } });
    expect(await probe('/livez')).toMatchObject({ status: 200 });
    expect(await probe('/health')).toMatchObject({ status: 503, json: { status: 'HEALTH_STATUS_NOT_SERVING' } });
    expect(await grpc.check('')).toBe('NOT_SERVING');

    await opencode.launch();

    expect(await readUntil(whole, (status) => status === 'SERVING')).toEqual(['SERVING']);
    await eventually(async () => (await probe('/readyz')).status === 200);
  });
});
