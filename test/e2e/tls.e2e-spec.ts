import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { EventService } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { collect, Conversation, readUntil } from '../support/conversation.js';
import type { CallError, ClientTls, Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { TestAuthority, type Issued } from '../support/test-authority.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const TOKEN = 'a-token-that-is-long-enough';
const CI = { subject: 'URI:spiffe://example.org/ci', scopes: ['read'] };
const OPS = { subject: 'DNS:ops.example.org', scopes: ['read', 'write'], name: 'ops' };

let folder: string;
let authority: TestAuthority;
let test: TestGateway;

/** As secrets are changed: whole, by a new name. */
function write(name: string, text: string): void {
  writeFileSync(join(folder, `${name}.new`), text);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

function writePair({ cert, key }: Issued): void {
  write('cert.pem', cert);
  write('key.pem', key);
}

function writeCertificates(...certificates: readonly object[]): void {
  write('certificates.json', JSON.stringify({ certificates }));
}

function inFolder(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([setting, name]) => [setting, join(folder, name)]));
}

/** @param files - further settings that name files of the folder */
async function start(settings: Readonly<Record<string, string>>, files: Readonly<Record<string, string>> = {}): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'tls-'));
  authority = await TestAuthority.create();
  writePair(await authority.issueForServer());
  write('ca.pem', authority.ca);
  writeCertificates(CI, OPS);
  test = await startTestGateway({
    settings: { ...settings, ...inFolder({ TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', ...files }) },
    tls: { ca: authority.ca },
  });
}

async function stop(): Promise<void> {
  await test.stop();
  await rm(folder, { recursive: true });
}

/** What a door shows to who connects now, by its name or by its address. */
async function serialAt(url: string, servername?: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect({
    host: hostname,
    ...(servername !== undefined && { servername }),
    port: Number(port),
    ca: authority.ca,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe('TLS', () => {
  beforeAll(() => start({ GRPC_KEEPALIVE_S: '1' }));
  afterAll(stop);

  const serials = () =>
    Promise.all([`https://${test.grpcAddress}`, test.httpUrl].flatMap((url) => [serialAt(url), serialAt(url, 'localhost')]));

  it.each(['grpc', 'rest'] as const)('carries calls and streams (%s)', async (name) => {
    const conversation = await Conversation.begin(test[name]);
    const told = readUntil(conversation.watch(), ({ event }) => event.case === 'turnUpdated');

    await expect(conversation.run([{ t: 'text', n: 3 }])).resolves.toMatchObject({ finish: 'stop' });
    expect((await told).length).toBeGreaterThan(0);
  });

  it('is the only way in', async () => {
    const plain = new GrpcDoor(test.grpcAddress);

    expect(test.httpUrl).toMatch(/^https:/);
    await expect(fetch(test.httpUrl.replace('https:', 'http:'))).rejects.toThrow();
    await expect(plain.call(OpenCodeService.method.health, {})).rejects.toMatchObject({ code: UNAVAILABLE });
    plain.close();
  });

  it('pings gRPC clients as without', async () => {
    const session = connectHttp2(`https://${test.grpcAddress}`, { ca: authority.ca });
    let pings = 0;
    session.on('ping', () => (pings += 1));

    await eventually(() => pings > 1 || session.destroyed);

    expect(pings).toBe(2);
    session.destroy();
  });

  it('shows a renewed certificate to who connects, and cuts nobody', async () => {
    const before = await serials();
    const conversation = await Conversation.begin(test.grpc);
    const doors: Door[] = [test.grpc, test.rest];
    const told = doors.map((door) =>
      readUntil(Conversation.at(door, conversation.sessionId).watch(), ({ event }) => event.case === 'turnUpdated'),
    );
    await pause(200);

    writePair(await authority.issueForServer());
    await eventually(async () => (await serials()).every((serial, index) => serial !== before[index]));
    await conversation.run([{ t: 'text', n: 3 }]);

    for (const events of await Promise.all(told)) expect(events.at(-1)?.event.case).toBe('turnUpdated');
  });

  it('goes on with what it has when the new files cannot be used', async () => {
    const before = await serials();

    write('cert.pem', 'none');
    await pause(1_500);

    expect(await serials()).toEqual(before);
  });
});

describe('a client certificate', () => {
  beforeAll(() => start({ ACCESS_TOKEN: TOKEN }, { TLS_CLIENT_CA_FILE: 'ca.pem', ACCESS_CERTIFICATES_FILE: 'certificates.json' }));
  afterAll(stop);

  async function doorOf(subject: object, token?: string, by = authority): Promise<Door> {
    const tls: ClientTls = { ca: authority.ca, ...(await by.issue({ subject: 'CN=client', ...subject })) };
    return new GrpcDoor(test.grpcAddress, token, tls);
  }

  const ci = { names: [{ type: 'url', value: 'spiffe://example.org/ci' }] };
  const ops = { names: [{ type: 'dns', value: 'ops.example.org' }] };

  async function search(door: Door) {
    return door.call(SessionService.method.searchSessions, {}).finally(() => door.close());
  }

  it('lets its subject do what the file says, and nothing else', async () => {
    const door = await doorOf(ci);

    await expect(door.call(SessionService.method.searchSessions, {})).resolves.toMatchObject({ sessions: [] });
    await expect(door.call(SessionService.method.createSession, {})).rejects.toMatchObject({
      code: PERMISSION_DENIED,
      metadata: { scope: 'write' },
    });
    door.close();
  });

  it('is not needed by who has a token', async () => {
    await expect(test.grpc.call(SessionService.method.searchSessions, {})).resolves.toBeDefined();
    await expect(test.rest.call(SessionService.method.searchSessions, {})).resolves.toBeDefined();
    await expect(search(new GrpcDoor(test.grpcAddress, undefined, { ca: authority.ca }))).rejects.toMatchObject({
      code: UNAUTHENTICATED,
      reason: 'TOKEN_MISSING',
    });
  });

  it('does not stand in for a wrong token', async () => {
    await expect(search(await doorOf(ci, 'another-token-of-good-length'))).rejects.toMatchObject({
      code: UNAUTHENTICATED,
      reason: 'TOKEN_INVALID',
    });
  });

  it.each<[string, () => Promise<Door>]>([
    ['of nobody who is listed', () => doorOf({ names: [{ type: 'url', value: 'spiffe://example.org/other' }] })],
    ['of another authority', async () => doorOf(ci, undefined, await TestAuthority.create('Other Authority'))],
    ['that has expired', () => doorOf({ ...ci, expires: new Date(Date.now() - 60_000) })],
  ])('is as good as none when it is one %s', async (_, open) => {
    await expect(search(await open())).rejects.toMatchObject({ code: UNAUTHENTICATED, reason: 'TOKEN_MISSING' });
  });

  it('lets nobody in by an authority that only says that it is ours, and cuts nobody else', async () => {
    const stream = test.grpc.stream(EventService.method.subscribeGlobalEvents, {});
    const end = collect(stream).then(() => 'ended');
    const forger = await TestAuthority.create();

    for (let count = 0; count < 20; count += 1) {
      // OpenSSL's complaint of the signature ends the connection, now and then behind an answer.
      const refusal = await search(await doorOf(ci, undefined, forger)).catch((error: unknown) => error);
      expect([UNAUTHENTICATED, UNAVAILABLE]).toContain((refusal as CallError).code);
    }

    await expect(Promise.race([end, pause(200, 'open')])).resolves.toBe('open');
    stream.cancel();
  });

  it('ends its streams when its subject is taken away, and no others', async () => {
    const doors = [await doorOf(ops), await doorOf(ci)];
    const streams = doors.map((door) => door.stream(EventService.method.subscribeGlobalEvents, {}));
    const [end, other] = streams.map((stream) => collect(stream).catch((error: unknown) => error));
    await pause(200);

    writeCertificates(CI);

    expect(await end).toMatchObject({ code: UNAUTHENTICATED, reason: 'TOKEN_REVOKED' });
    await expect(Promise.race([other, pause(200, 'open')])).resolves.toBe('open');
    for (const stream of streams) stream.cancel();
    for (const door of doors) door.close();
  });

  it('ends its streams when it expires itself', async () => {
    const door = await doorOf({ ...ci, expires: new Date(Date.now() + 7_000) });

    await expect(collect(door.stream(EventService.method.subscribeGlobalEvents, {}))).rejects.toMatchObject({
      code: UNAUTHENTICATED,
      reason: 'TOKEN_REVOKED',
    });
    await expect(search(door)).rejects.toMatchObject({ code: UNAUTHENTICATED });
  });
});
