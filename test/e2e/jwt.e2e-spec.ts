import { EventService } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { collect } from '../support/conversation.js';
import type { CallError, Door } from '../support/door.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { inSeconds, tampered, TokenIssuer } from '../support/token-issuer.js';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;

describe.each(['gRPC', 'REST'] as const)('JSON Web Tokens over %s', (name) => {
  let test: TestGateway;
  let issuer: TokenIssuer;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    test = await startTestGateway({
      settings: { ...issuer.settings, ACCESS_JWT_SCOPES_CLAIM: 'realm_access.roles', ACCESS_JWT_SCOPES_MAP: 'developer=read,write' },
    });
  });

  afterAll(async () => {
    await test.stop();
    await issuer.stop();
  });

  function doorWith(token: string): Door {
    return name === 'gRPC' ? new GrpcDoor(test.grpcAddress, token) : new RestDoor(test.httpUrl, token);
  }

  async function search(token: string) {
    const door = doorWith(token);
    return door.call(SessionService.method.searchSessions, {}).finally(() => door.close());
  }

  it('let in who has a role that is worth the scope', async () => {
    await expect(search(await issuer.sign({ realm_access: { roles: ['developer'] } }))).resolves.toMatchObject({ sessions: [] });
    await expect(search(await issuer.sign({ realm_access: { roles: ['visitor'] }, scope: 'read' }))).rejects.toMatchObject({
      code: PERMISSION_DENIED,
      reason: 'SCOPE_MISSING',
    });
  });

  it.each<[string, () => string | Promise<string>]>([
    ['not valid yet', () => issuer.sign({ nbf: inSeconds(60) })],
    ['of another issuer', () => issuer.sign({ iss: 'https://issuer.example' })],
    ['without a subject', () => issuer.sign({ sub: undefined })],
    ['signed with the public key', () => issuer.signedWithPublicKey()],
    ['of an unknown key', () => issuer.sign({}, { kid: 'made-up' })],
    ['that were changed', async () => tampered(await issuer.sign(), { sub: 'root' })],
  ])('are refused when they are %s, and not repeated', async (_, make) => {
    const token = await make();

    const refusal = await search(token).catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code: UNAUTHENTICATED, reason: 'TOKEN_INVALID', metadata: {} });
    expect((refusal as CallError).message).toBe('The bearer token is not valid');
  });

  it('end their streams when they expire', async () => {
    const door = doorWith(await issuer.sign({ realm_access: { roles: ['developer'] }, exp: inSeconds(6) }));
    const stream = door.stream(EventService.method.subscribeGlobalEvents, {});

    await expect(collect(stream)).rejects.toMatchObject({ code: UNAUTHENTICATED, reason: 'TOKEN_REVOKED' });
    await expect(door.call(SessionService.method.searchSessions, {})).rejects.toMatchObject({ code: UNAUTHENTICATED });
    door.close();
  });

  it('are not refused but put off when the issuer cannot be asked, unless their key is known', async () => {
    const known = await issuer.sign({ realm_access: { roles: ['developer'] } });
    await search(known);
    const gone = await TokenIssuer.start();
    const { ACCESS_JWT_JWKS_URL } = gone.settings;
    await gone.stop();
    const unreachable = await startTestGateway({ settings: { ...issuer.settings, ACCESS_JWT_JWKS_URL } });
    const door = name === 'gRPC' ? new GrpcDoor(unreachable.grpcAddress, known) : new RestDoor(unreachable.httpUrl, known);

    await expect(door.call(SessionService.method.searchSessions, {})).rejects.toMatchObject({
      code: UNAVAILABLE,
      reason: 'KEYS_UNAVAILABLE',
    });
    door.close();
    await unreachable.stop();
    issuer.mode = 'fails';
    await expect(search(known)).resolves.toMatchObject({ sessions: [] });
    issuer.mode = 'answers';
  });
});
