import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { DescMethod } from '@bufbuild/protobuf';
import { requirementOf, ROUTE_SCOPES, SCOPES, type Requirement } from '../../src/common/access/scopes.js';
import { EventService } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { methodName, protoServices } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { collect } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { failureOf, routeParametersOf } from '../support/method-calls.js';
import { RestDoor } from '../support/rest.door.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { inSeconds, TokenIssuer } from '../support/token-issuer.js';
import { tokenEntry, tokenOf } from '../support/tokens.js';

const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;
/** A stream that goes on is not ended by then. */
const GOES_ON_MS = 250;

const methods = protoServices.flatMap((service) => service.methods);
const withRoutes = methods.filter((method) => restRoutesOf(method).length > 0);

/** 0, or the code of the refusal or failure. */
async function codeOf(door: Door, method: DescMethod): Promise<number> {
  return (await failureOf(door, method, routeParametersOf(method, 'ses_none')))?.code ?? 0;
}

function isLetIn(code: number): boolean {
  return code !== UNAUTHENTICATED && code !== PERMISSION_DENIED;
}

describe('who may call what', () => {
  let test: TestGateway;
  let issuer: TokenIssuer;
  let folder: string;
  let path: string;

  const everybody = [...SCOPES.map((scope) => tokenEntry(scope, [scope])), tokenEntry('expired', SCOPES, '2020-01-01T00:00:00Z')];

  function writeTokens(entries: readonly object[]): void {
    writeFileSync(`${path}.new`, JSON.stringify({ tokens: entries }));
    renameSync(`${path}.new`, path);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokens-'));
    path = join(folder, 'tokens.json');
    writeTokens(everybody);
    issuer = await TokenIssuer.start();
    test = await startTestGateway({ settings: { ACCESS_TOKENS_FILE: path, ENABLE_SESSION_SHELL: 'true', ...issuer.settings } });
  });

  afterAll(async () => {
    await test.stop();
    await issuer.stop();
    await rm(folder, { recursive: true });
  });

  function doorOf(name: 'gRPC' | 'REST', token: string | undefined): Door {
    return name === 'gRPC' ? new GrpcDoor(test.grpcAddress, token) : new RestDoor(test.httpUrl, token);
  }

  const bad: readonly [string, () => string | undefined | Promise<string>][] = [
    ['no token', () => undefined],
    ['another token', () => 'another-token-of-good-length'],
    ['an expired token', () => tokenOf('expired')],
    ['an expired JWT', () => issuer.sign({ scope: 'admin', exp: inSeconds(-60) })],
    ['a JWT for another audience', () => issuer.sign({ scope: 'admin', aud: 'others' })],
    ['a JWT that is not signed', () => issuer.unsigned({ scope: 'admin' })],
  ];

  /** The status of a request to a route of any kind, with nothing in it. */
  async function statusOf(verb: string, path: string, token: string | undefined): Promise<number> {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const leave = new AbortController();
    const { status } = await fetch(test.httpUrl + path.replaceAll(/:\w+|\*/g, 'none'), { method: verb, headers, signal: leave.signal });
    leave.abort();
    return status;
  }

  describe.each([
    ['gRPC', methods],
    ['REST', withRoutes],
  ] as const)('over %s', (name, called) => {
    it.each(bad)('nobody may call anything with %s but the health', async (_, make) => {
      const door = doorOf(name, await make());

      const letIn: string[] = [];
      for (const method of called) if ((await codeOf(door, method)) !== UNAUTHENTICATED) letIn.push(methodName(method));

      expect(letIn).toEqual(['opencode.v1.OpenCodeService/Health']);
      door.close();
    });

    it.each([
      ...SCOPES.map((scope) => ['a token', scope, () => tokenOf(scope)] as const),
      ['a JWT', 'read', () => issuer.sign({ scope: 'read' })] as const,
      ['a JWT', 'admin', () => issuer.sign({ scope: 'admin' })] as const,
    ])('%s with the scope %s opens what the table says, and nothing else', async (_, scope, make) => {
      const door = doorOf(name, await make());
      const opens = (needed: Requirement | undefined): boolean => needed === 'open' || needed === scope || scope === 'admin';

      const wrong: string[] = [];
      for (const method of called) {
        const code = await codeOf(door, method);
        const expected = opens(requirementOf(method)) ? isLetIn(code) : code === PERMISSION_DENIED;
        if (!expected) wrong.push(`${methodName(method)}: ${code}`);
      }

      expect(wrong).toEqual([]);
      door.close();
    });
  });

  const routes = [
    ...withRoutes.flatMap((method) =>
      restRoutesOf(method).map(({ verb, path }): [string, string, Requirement | undefined] => [
        verb.toUpperCase(),
        path,
        requirementOf(method),
      ]),
    ),
    ...Object.entries(ROUTE_SCOPES).map(([path, needed]): [string, string, Requirement] => ['GET', path, needed]),
  ];

  it.each(bad)('no route of any method, and none besides, opens to %s', async (_, make) => {
    const token = await make();

    const letIn: string[] = [];
    for (const [verb, path, needed] of routes) {
      if (needed !== 'open' && (await statusOf(verb, path, token)) !== 401) letIn.push(`${verb} ${path}`);
    }

    expect(letIn).toEqual([]);
  });

  it.each(SCOPES)('every route opens to the scope %s as the tables say', async (scope) => {
    const wrong: string[] = [];
    for (const [verb, path, needed] of routes) {
      const status = await statusOf(verb, path, tokenOf(scope));
      const opens = needed === 'open' || needed === scope || scope === 'admin';
      if (opens ? status === 401 || status === 403 : status !== 403) wrong.push(`${verb} ${path}: ${status}`);
    }

    expect(wrong).toEqual([]);
  });

  it.each(['gRPC', 'REST'] as const)('says which scope is missing (%s)', async (name) => {
    const door = doorOf(name, tokenOf('write'));

    const refusal = { code: PERMISSION_DENIED, reason: 'SCOPE_MISSING', metadata: { scope: 'read' } };
    await expect(door.call(SessionService.method.searchSessions, {})).rejects.toMatchObject(refusal);
    door.close();
  });

  it('ends the streams of a token that is taken away, within two seconds, and no others', async () => {
    writeTokens([...everybody, tokenEntry('leaves', ['read'])]);
    await pause(1_500);
    const doors = [doorOf('gRPC', tokenOf('leaves')), doorOf('REST', tokenOf('leaves')), doorOf('gRPC', tokenOf('read'))];
    const streams = doors.map((door) => door.stream(EventService.method.subscribeGlobalEvents, {}));
    const ends = streams.map((stream) => collect(stream).then(() => 'ended'));
    const [overGrpc, overRest, other] = ends.map((end) => end.catch((error: unknown) => error));
    await pause(GOES_ON_MS);

    writeTokens(everybody);

    const revoked = { code: UNAUTHENTICATED, reason: 'TOKEN_REVOKED' };
    expect(await Promise.all([overGrpc, overRest])).toMatchObject([revoked, revoked]);
    await expect(Promise.race([other, pause(GOES_ON_MS, 'open')])).resolves.toBe('open');
    for (const stream of streams) stream.cancel();
    for (const door of doors) door.close();
  });
});
