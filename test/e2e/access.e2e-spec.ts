import { connect } from 'node:http2';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodPath } from '../../src/common/grpc/proto-types.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;
const TOKEN = 'a-token-that-is-long-enough';

/** The code of a call of which only the first bytes come: a frame that says it has 10 MiB. */
function codeOfBegunCall(address: string, path: string): Promise<number> {
  const session = connect(`http://${address}`);
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  stream.write(Buffer.from([0, 0, 0xa0, 0, 0]));
  return new Promise<number>((resolve, reject) => {
    const onHeaders = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream.on('response', onHeaders).on('trailers', onHeaders).on('error', reject);
  }).finally(() => session.destroy());
}

/** 0 when the gRPC port tells its services, else the code of the refusal. */
function reflectionCode(address: string): Promise<number> {
  const client = new Client(address, credentials.createInsecure());
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', asItIs, asItIs);
  return new Promise<number>((resolve) => {
    call.on('data', () => resolve(0));
    call.on('error', ({ code }: ServiceError) => resolve(code));
    // ServerReflectionRequest{list_services: "*"}
    call.end(Buffer.from([0x3a, 1, 0x2a]));
  }).finally(() => client.close());
}

describe('access', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: TOKEN, HOST: '0.0.0.0' } });
  });

  afterAll(() => test.stop());

  it('refuses a call over gRPC before its message has come', async () => {
    const path = methodPath(MessageService.method.sendMessage);

    await expect(codeOfBegunCall(test.grpcAddress.replace('0.0.0.0', '127.0.0.1'), path)).resolves.toBe(UNAUTHENTICATED);
  });

  describe.each(['gRPC', 'REST'])('over %s', (name) => {
    const doorWith = (token?: string) =>
      name === 'gRPC'
        ? new GrpcDoor(test.grpcAddress.replace('0.0.0.0', '127.0.0.1'), token)
        : new RestDoor(test.httpUrl.replace('0.0.0.0', '127.0.0.1'), token);

    it('lets in who shows the token', async () => {
      const door = doorWith(TOKEN);

      expect((await door.call(SessionService.method.searchSessions, {})).sessions).toEqual([]);
      door.close();
    });

    it.each([
      ['no token', undefined, 'TOKEN_MISSING'],
      ['another token', 'another-token-of-good-length', 'TOKEN_INVALID'],
    ])('refuses who shows %s, on calls and on streams', async (_, token, reason) => {
      const door = doorWith(token);
      const stream = door.stream(MessageService.method.streamMessage, { sessionId: 'ses_1' });

      await expect(door.call(SessionService.method.searchSessions, {})).rejects.toMatchObject({ code: UNAUTHENTICATED, reason });
      await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: UNAUTHENTICATED, reason });
      door.close();
    });

    it('tells everybody whether it is healthy and trusts workspaces, and no more', async () => {
      const door = doorWith();

      expect((await door.call(OpenCodeService.method.health, {})).details).toEqual({ workspaceConfig: 'ignored' });
      door.close();
    });
  });

  it('says over HTTP how to sign in', async () => {
    const response = await fetch(`${test.httpUrl.replace('0.0.0.0', '127.0.0.1')}/sessions`);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('tells its methods on the gRPC port to everybody, and its metrics to nobody without a token', async () => {
    expect(await reflectionCode(test.grpcAddress.replace('0.0.0.0', '127.0.0.1'))).toBe(0);
    expect((await fetch(`${test.httpUrl.replace('0.0.0.0', '127.0.0.1')}/metrics`)).status).toBe(401);
  });
});

describe('access, where settings say otherwise', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { ACCESS_TOKEN: TOKEN, GRPC_REFLECTION: 'false', METRICS_OPEN: 'true' } });
  });

  afterAll(() => test.stop());

  it('keeps its methods to itself without GRPC_REFLECTION', async () => {
    expect(await reflectionCode(test.grpcAddress)).toBe(UNIMPLEMENTED);
  });

  it('tells its metrics to everybody with METRICS_OPEN, and nothing else', async () => {
    expect((await fetch(`${test.httpUrl}/metrics`)).status).toBe(200);
    expect((await fetch(`${test.httpUrl}/openapi.json`)).status).toBe(401);
  });
});
