import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { EventService, TextMode, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { QuestionService } from '../../src/common/grpc/generated/question_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { PermissionService } from '../../src/common/grpc/generated/tool_pb.js';
import { OpenCodeService as Container } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { methodName, protoServices } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { OpencodePool } from '../../src/common/opencode/opencode.pool.js';
import { bodiesOf, Conversation, readUntil, textPart } from '../support/conversation.js';
import type { CallError, Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { failureOf, routeParametersOf } from '../support/method-calls.js';
import { startReplica } from '../support/remote-gateway.js';
import { RestDoor } from '../support/rest.door.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { tokenEntry, tokenOf } from '../support/tokens.js';

const USER = ['read', 'write', 'approve', 'files', 'shell', 'auth'];
const NOBODYS = 'ses_00000000000000000000000000';

const methods = protoServices.flatMap((service) => service.methods);
/** All that speak of a session, by whatever field. */
const ofSessions = methods.flatMap((method) =>
  method.input.fields
    .filter(({ name }) => name === 'session_id' || name === 'parent_id')
    .map(({ localName }) => ({ name: methodName(method), method, field: localName })),
);

const isMissing = (failure: CallError | undefined): boolean => failure?.reason === 'SESSION_NOT_FOUND';

describe('whose sessions are', () => {
  let test: TestGateway;
  let folder: string;
  let access: { ACCESS_TOKENS_FILE: string };
  const doors = new Map<string, Door>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokens-'));
    access = { ACCESS_TOKENS_FILE: join(folder, 'tokens.json') };
    const tokens = [tokenEntry('alice', USER), tokenEntry('bob', USER), tokenEntry('boss', ['admin']), tokenEntry('looker', ['read'])];
    await writeFile(access.ACCESS_TOKENS_FILE, JSON.stringify({ tokens }));
    test = await startTestGateway({ settings: { ...access, ENABLE_SESSION_SHELL: 'true' }, permission: { bash: 'ask' } });
  });

  afterAll(async () => {
    for (const door of doors.values()) door.close();
    await test.stop();
    await rm(folder, { recursive: true });
  });

  function doorOf(name: string, principal: string, at: { grpcAddress: string; httpUrl: string } = test): Door {
    const token = tokenOf(principal);
    const key = `${name} ${at.httpUrl} ${principal}`;
    const door = doors.get(key) ?? (name === 'grpc' ? new GrpcDoor(at.grpcAddress, token) : new RestDoor(at.httpUrl, token));
    doors.set(key, door);
    return door;
  }

  async function newSession(door: Door): Promise<string> {
    return (await door.call(SessionService.method.createSession, { title: 'test' })).id;
  }

  /** One that nobody made through the gateway. */
  async function newNobodysSession(): Promise<string> {
    const { client, workspace } = test.gateway.app.get(OpencodePool).forDirectory(undefined);
    return (await client.createSession(workspace.root, { title: 'from elsewhere' })).id;
  }

  async function idsOf(door: Door): Promise<string[]> {
    return (await door.call(SessionService.method.searchSessions, { pageSize: 100 })).sessions.map(({ id }) => id);
  }

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    const called = ofSessions.filter(({ method }) => name === 'grpc' || restRoutesOf(method).length > 0);

    it.each(called)('$name tells nobody else that a session is there ($field)', async ({ method, field }) => {
      const [alice, bob, boss] = [doorOf(name, 'alice'), doorOf(name, 'bob'), doorOf(name, 'boss')];
      const sessionId = await newSession(alice);
      const others = routeParametersOf(method, 'none');
      const textOf = (failure: CallError | undefined, id: string) => [failure?.code, failure?.reason, failure?.message.replaceAll(id, '…')];

      const foreign = await failureOf(bob, method, { ...others, [field]: sessionId });
      const missing = await failureOf(bob, method, { ...others, [field]: NOBODYS });

      expect(isMissing(foreign)).toBe(true);
      expect(textOf(foreign, sessionId)).toEqual(textOf(missing, NOBODYS));
      expect(isMissing(await failureOf(boss, method, { ...others, [field]: await newSession(alice) }))).toBe(false);
      expect(isMissing(await failureOf(alice, method, { ...others, [field]: sessionId }))).toBe(false);
    });

    it('lists have what is one’s own, and for an admin everything', async () => {
      const [alice, bob, boss] = [doorOf(name, 'alice'), doorOf(name, 'bob'), doorOf(name, 'boss')];
      const [ofAlice, ofBob] = [await newSession(alice), await newSession(bob)];

      expect(await idsOf(alice)).toEqual(expect.arrayContaining([ofAlice]));
      expect(await idsOf(alice)).not.toContain(ofBob);
      expect(await idsOf(boss)).toEqual(expect.arrayContaining([ofAlice, ofBob]));
    });

    it('what waits and what runs is told to its owner alone', async () => {
      const alice = await Conversation.begin(doorOf(name, 'alice'));
      const turn = alice.run([{ t: 'tool', name: 'bash', args: { command: 'echo hi', description: 'd' } }], [{ t: 'text', n: 1 }]);
      const waiting = async (principal: string) => {
        const door = doorOf(name, principal);
        const [permissions, questions, statuses] = await Promise.all([
          door.call(PermissionService.method.listPermissions, {}),
          door.call(QuestionService.method.listQuestions, {}),
          door.call(SessionService.method.listSessionStatuses, {}),
        ]);
        return [permissions.permissions.length, questions.questions.length, statuses.statuses.length];
      };
      await eventually(async () => (await waiting('alice'))[0] === 1);

      expect(await waiting('bob')).toEqual([0, 0, 0]);
      expect(await waiting('alice')).toEqual([1, 0, 1]);
      expect(await waiting('boss')).toEqual([1, 0, 1]);
      await alice.answerPermission('once');
      await turn;
    });

    it('events of all sessions are those of one’s own, sub-agents’ among them, and for an admin everything', async () => {
      const streams = ['alice', 'bob', 'boss'].map((principal) =>
        doorOf(name, principal).stream(EventService.method.subscribeGlobalEvents, {}),
      );
      const ofBob = await newSession(doorOf(name, 'bob'));
      const isLast = ({ event }: GlobalEvent): boolean => event.case === 'sessionUpdated' && event.value.session?.title === 'last';
      const heard = streams.map((stream) => readUntil(stream, isLast));
      const alice = await Conversation.begin(doorOf(name, 'alice'));
      const task = { description: 'sub', prompt: 'SCRIPT:[[{"t":"text","n":3}]]', subagent_type: 'general' };
      await alice.run([{ t: 'tool', name: 'task', args: task }], [{ t: 'text', n: 3 }]);
      await alice.door.call(SessionService.method.updateSession, { sessionId: alice.sessionId, title: 'last' });
      await doorOf(name, 'bob').call(SessionService.method.updateSession, { sessionId: ofBob, title: 'last' });

      const [toAlice, toBob, toBoss] = await Promise.all(heard);

      const { sessions: children } = await alice.door.call(SessionService.method.listChildSessions, { sessionId: alice.sessionId });
      const sessionsOf = (events: GlobalEvent[] = []) => new Set(events.map(({ sessionId }) => sessionId).filter((id) => id !== ''));
      expect(children).toHaveLength(1);
      const family = [alice.sessionId, children[0]?.id];
      expect([...sessionsOf(toAlice)]).toEqual(expect.arrayContaining(family));
      expect(sessionsOf(toAlice)).not.toContain(ofBob);
      expect(bodiesOf(toAlice ?? [], 'messagePartUpdated').length).toBeGreaterThan(0);
      expect([...sessionsOf(toBob)].filter((id) => family.includes(id))).toEqual([]);
      expect(sessionsOf(toBob)).toContain(ofBob);
      expect([...sessionsOf(toBoss)]).toEqual(expect.arrayContaining(family));
    });

    it('a sub-agent’s session is its root owner’s, also one that was made in it by an admin', async () => {
      const [alice, bob, boss] = [doorOf(name, 'alice'), doorOf(name, 'bob'), doorOf(name, 'boss')];
      const parentId = await newSession(alice);
      const { id: sessionId } = await boss.call(SessionService.method.createSession, { title: 'child', parentId });

      await expect(alice.call(SessionService.method.getSession, { sessionId })).resolves.toMatchObject({ parentId });
      await expect(bob.call(SessionService.method.getSession, { sessionId })).rejects.toMatchObject({ reason: 'SESSION_NOT_FOUND' });
    });

    it('what an admin forks is the admin’s', async () => {
      const [alice, boss] = [doorOf(name, 'alice'), doorOf(name, 'boss')];
      const forked = await boss.call(SessionService.method.forkSession, { sessionId: await newSession(alice) });

      expect(forked.owner).toBe('boss');
      await expect(alice.call(SessionService.method.getSession, { sessionId: forked.id })).rejects.toMatchObject({
        reason: 'SESSION_NOT_FOUND',
      });
    });

    it('each has a session of the container of their own', async () => {
      const sessions = await Promise.all(
        ['alice', 'bob', 'alice'].map(
          async (principal) => (await doorOf(name, principal).call(Container.method.getSession, {})).session?.id,
        ),
      );

      expect(sessions[0]).toBe(sessions[2]);
      expect(sessions[0]).not.toBe(sessions[1]);
    });

    it('the same request id of two callers makes two sessions', async () => {
      const make = async (principal: string) =>
        (await doorOf(name, principal).call(SessionService.method.createSession, { title: 't', requestId: `same-${name}` })).id;

      expect(await make('alice')).toBe(await make('alice'));
      expect(await make('bob')).not.toBe(await make('alice'));
    });
  });

  it('holds after a restart and at another replica', async () => {
    const sessionId = await newSession(doorOf('grpc', 'alice'));
    const request = { sessionId };
    const missing = { reason: 'SESSION_NOT_FOUND' };

    const replica = await startReplica(test, access);
    await expect(doorOf('grpc', 'alice', replica).call(SessionService.method.getSession, request)).resolves.toMatchObject({
      owner: 'alice',
    });
    await expect(doorOf('grpc', 'bob', replica).call(SessionService.method.getSession, request)).rejects.toMatchObject(missing);
    await replica.stop();
    await test.restart();

    await expect(doorOf('rest', 'alice').call(SessionService.method.getSession, request)).resolves.toMatchObject({ owner: 'alice' });
    await expect(doorOf('rest', 'bob').call(SessionService.method.getSession, request)).rejects.toMatchObject(missing);
    expect(await idsOf(doorOf('rest', 'bob'))).not.toContain(sessionId);
  });

  it('a reader of all events at another replica hears of sessions that were made there before it came', async () => {
    const alice = await Conversation.begin(doorOf('grpc', 'alice'));
    const replica = await startReplica(test, access);
    const stream = doorOf('rest', 'alice', replica).stream(EventService.method.subscribeGlobalEvents, {});
    const heard = readUntil(stream, ({ event }) => event.case === 'sessionUpdated' && event.value.session?.title === 'heard');
    await alice.door.call(SessionService.method.updateSession, { sessionId: alice.sessionId, title: 'heard' });

    expect((await heard).at(-1)).toMatchObject({ sessionId: alice.sessionId });
    await replica.stop();
  });

  describe('of those that nobody made through the gateway', () => {
    const look = (door: Door, sessionId: string) => failureOf(door, SessionService.method.getSession, { sessionId });
    const work = (door: Door, sessionId: string) =>
      failureOf(door, MessageService.method.sendMessage, {
        sessionId,
        parts: [textPart(script([{ t: 'text', n: 1 }]))],
        textMode: TextMode.DELTA,
      });

    it('nobody but an admin knows', async () => {
      const sessionId = await newNobodysSession();

      expect(isMissing(await look(doorOf('grpc', 'alice'), sessionId))).toBe(true);
      expect(await idsOf(doorOf('grpc', 'alice'))).not.toContain(sessionId);
      expect(await look(doorOf('grpc', 'boss'), sessionId)).toBeUndefined();
      expect(await idsOf(doorOf('grpc', 'boss'))).toContain(sessionId);
    });

    it('with ACCESS_ADOPT=first they are whose who first works with them', async () => {
      const sessionId = await newNobodysSession();
      const log = jest.spyOn(Logger.prototype, 'log');
      const replica = await startReplica(test, { ...access, ACCESS_ADOPT: 'first' });
      const [alice, bob, looker] = ['alice', 'bob', 'looker'].map((principal) => doorOf('grpc', principal, replica)) as [Door, Door, Door];

      expect(await look(looker, sessionId)).toBeUndefined();
      expect(await look(bob, sessionId)).toBeUndefined();
      expect(await idsOf(bob)).toContain(sessionId);
      expect(await work(alice, sessionId)).toBeUndefined();

      expect(isMissing(await look(bob, sessionId))).toBe(true);
      expect(isMissing(await work(bob, sessionId))).toBe(true);
      expect(log.mock.calls.map(([line]) => line)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ audit: 'session.adopt', target: sessionId, result: 'done', by: 'alice' }),
          expect.objectContaining({ audit: 'access', target: sessionId, result: 'refused', by: 'bob', reason: 'SESSION_NOT_FOUND' }),
        ]),
      );
      expect(await idsOf(bob)).not.toContain(sessionId);
      // The other gateway has heard of it.
      await eventually(async () => (await look(doorOf('grpc', 'alice'), sessionId)) === undefined);
      await replica.stop();
      log.mockRestore();
    });

    it('with ACCESS_ADOPT=first one of many is faster', async () => {
      const sessionId = await newNobodysSession();
      const replicas = await Promise.all([1, 2].map(() => startReplica(test, { ...access, ACCESS_ADOPT: 'first' })));
      const tries = replicas.flatMap((replica) => ['alice', 'bob'].map((principal) => work(doorOf('grpc', principal, replica), sessionId)));

      await Promise.all(tries);

      const { owner } = await doorOf('grpc', 'boss').call(SessionService.method.getSession, { sessionId });
      for (const replica of replicas) {
        await eventually(async () => {
          const seen = await Promise.all(['alice', 'bob'].map((principal) => look(doorOf('grpc', principal, replica), sessionId)));
          return seen.filter((failure) => failure === undefined).length === 1;
        });
      }
      expect(['alice', 'bob']).toContain(owner);
      await Promise.all(replicas.map((replica) => replica.stop()));
    });

    it('with ACCESS_ADOPT=all they are everybody’s', async () => {
      const sessionId = await newNobodysSession();
      const replica = await startReplica(test, { ...access, ACCESS_ADOPT: 'all' });

      expect(await work(doorOf('grpc', 'alice', replica), sessionId)).toBeUndefined();
      expect(await look(doorOf('rest', 'bob', replica), sessionId)).toBeUndefined();
      await replica.stop();
    });
  });
});
