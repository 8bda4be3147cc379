import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { AgentService } from '../../src/common/grpc/generated/agent_pb.js';
import { AuthService } from '../../src/common/grpc/generated/auth_pb.js';
import { EventService } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { asTask, connect, sending, WAYS } from '../support/a2a-client.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { collect, Conversation } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { RestDoor } from '../support/rest.door.js';
import { script, ScriptedModel } from '../support/scripted-model.js';

const TOKEN = 'a-token-that-is-long-enough';
const NAMES = ['gRPC', 'REST'] as const;

interface Line {
  readonly context?: string;
  readonly method?: string;
  readonly [field: string]: unknown;
}

describe('the log of calls', () => {
  let model: ScriptedModel;
  let opencode: OpencodeEnvironment;
  let gateway: CompiledGateway;
  const doors: Door[] = [];

  function start(settings: NodeJS.ProcessEnv): Promise<CompiledGateway> {
    return startCompiledGateway({ ...opencode.env, OPENCODE_WORKSPACE_ROOT: opencode.workspace, ACCESS_TOKEN: TOKEN, ...settings });
  }

  async function stop(): Promise<void> {
    for (const door of doors.splice(0)) door.close();
    gateway.process.kill('SIGTERM');
    await gateway.process.exited;
  }

  function doorOf(name: (typeof NAMES)[number], token: string = TOKEN): Door {
    const door = name === 'gRPC' ? new GrpcDoor(gateway.grpcAddress, token) : new RestDoor(gateway.httpUrl, token);
    doors.push(door);
    return door;
  }

  function lines(context: string): Line[] {
    const written = gateway.process.output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return written.map((line) => JSON.parse(line) as Line).filter((line) => line.context === context);
  }

  /** The newest line of a method at a door, which is written when the call is over, and out a little later. */
  async function lineOf(context: string, name: (typeof NAMES)[number], method: string): Promise<Line> {
    const door = name === 'gRPC' ? 'grpc' : 'http';
    const find = (): Line | undefined => lines(context).findLast((line) => line.door === door && line.method === method);
    await eventually(() => find() !== undefined);
    return find() ?? {};
  }

  /** What a gRPC call ends with, and the id in what comes before. */
  function idsOf(path: string, token: string, id: string): Promise<{ readonly code: number; readonly id: string }> {
    const client = new Client(gateway.grpcAddress, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set('x-request-id', id);
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = client.makeUnaryRequest(path, asIs, asIs, Buffer.alloc(0), metadata, () => undefined);
    const found: string[] = [];
    const note = (told: Metadata): void => void found.push(...told.get('x-request-id').map(String));
    call.on('metadata', note);
    return new Promise((resolve) =>
      call.on('status', ({ code, metadata: trailers }) => {
        // Without messages there is nothing before the trailers.
        note(trailers);
        client.close();
        resolve({ code, id: found[0] ?? '' });
      }),
    );
  }

  beforeAll(async () => {
    await compileGateway();
    model = await ScriptedModel.start();
    opencode = await createOpencodeEnvironment({ modelUrl: model.url });
  }, COMPILE_TIMEOUT_MS);

  afterAll(async () => {
    await model.stop();
    await opencode.remove();
  });

  describe('of who called what', () => {
    beforeAll(async () => {
      gateway = await start({});
    });

    afterAll(() => stop());

    it.each(NAMES)('tells method, caller, code, time and bytes (%s)', async (name) => {
      await doorOf(name).call(AgentService.method.listAgents, {});

      const line = await lineOf('Access', name, 'opencode.agent.AgentService/ListAgents');

      expect(line).toMatchObject({ code: 'OK', principal: 'access-token', requestId: expect.stringMatching(/^[\w-]{36}$/) });
      expect(line['ms']).toEqual(expect.any(Number));
      expect(line['bytes']).toBeGreaterThan(0);
    });

    it.each(NAMES)('tells how a call failed (%s)', async (name) => {
      await expect(doorOf(name).call(SessionService.method.getSession, { sessionId: 'ses_none' })).rejects.toThrow();

      const line = await lineOf('Access', name, 'opencode.session.SessionService/GetSession');

      expect(line).toMatchObject({ code: 'NOT_FOUND', ...(name === 'REST' && { status: 404 }) });
    });

    it.each(NAMES)('tells who was refused, and nothing of the token (%s)', async (name) => {
      await expect(
        doorOf(name, 'another-token-long-enough').call(SessionService.method.listTodos, { sessionId: 'ses_none' }),
      ).rejects.toThrow();

      const line = await lineOf('Access', name, 'opencode.session.SessionService/ListTodos');

      expect(line).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(line).not.toHaveProperty('principal');
      expect(gateway.process.output).not.toContain('another-token');
    });

    it.each(NAMES)('tells of a stream when it is over: to its end, or left (%s)', async (name) => {
      const door = doorOf(name);
      const conversation = await Conversation.begin(door);
      await collect(conversation.stream([{ t: 'text', value: 'a word that only the caller may read' }]));
      // From the beginning: a session that is quiet has nothing to tell.
      const left = door.stream(EventService.method.subscribeSessionEvents, { sessionId: conversation.sessionId, afterSequence: 0n });
      await left[Symbol.asyncIterator]().next();
      left.cancel();

      const whole = await lineOf('Access', name, 'opencode.message.MessageService/StreamMessage');
      const half = await lineOf('Access', name, 'opencode.event.EventService/SubscribeSessionEvents');

      expect([whole, half]).toMatchObject([{ code: 'OK' }, { code: 'CANCELLED' }]);
      expect(whole['bytes']).toBeGreaterThan(500);
      expect(gateway.process.output).not.toContain('only the caller');
    });

    it.each(NAMES)('tells the session that a call is about, also of one that makes its turn (%s)', async (name) => {
      const conversation = await Conversation.begin(doorOf(name));
      await conversation.run([{ t: 'text', value: 'fine' }]);
      await conversation.history();

      const run = await lineOf('Access', name, 'opencode.message.MessageService/RunMessage');
      const list = await lineOf('Access', name, 'opencode.message.MessageService/ListMessages');

      expect([run['session'], list['session']]).toEqual([conversation.sessionId, conversation.sessionId]);
    });

    it.each(WAYS)('tells of a message of A2A, its session too (%s, %s)', async (binding, version) => {
      const client = await connect(gateway, binding, version, TOKEN);
      const requestId = `${binding}-${version}`.replace('+', '-');
      const task = asTask(
        await client.sendMessage(sending(script([{ t: 'text', value: 'fine' }])), {
          serviceParameters: { 'x-request-id': requestId, authorization: `Bearer ${TOKEN}` },
        }),
      );

      await eventually(() => lines('Access').some((line) => line['requestId'] === requestId));
      const line = lines('Access').find((told) => told['requestId'] === requestId);

      expect(line).toMatchObject({ code: 'OK', principal: 'access-token', session: task.id.split('.')[0] });
      expect(line?.method).toMatch(binding === 'GRPC' ? /a2a\.v1\.A2AService\/SendMessage$/ : /^\//);
    });

    it.each([
      ['that went well', '/session', {}, 200],
      ['that was refused', '/session', { authorization: '' }, 401],
      ['to no route', '/none', {}, 404],
      ['that is no address', '/%', {}, 400],
      ['of a probe', '/health', {}, 200],
    ])('can be found by what the caller was answered: a request %s', async (_, path, changed, status) => {
      const sent = { authorization: `Bearer ${TOKEN}`, ...changed };
      const [own, ours] = await Promise.all([
        fetch(gateway.httpUrl + path, { headers: { ...sent, 'x-request-id': 'my-own-id' } }),
        fetch(gateway.httpUrl + path, { headers: { ...sent, 'x-request-id': 'not well formed' } }),
      ]);

      expect([own.status, ours.status]).toEqual([status, status]);
      expect(own.headers.get('x-request-id')).toBe('my-own-id');
      expect(ours.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    });

    it.each([
      ['that went well', `/${SessionService.typeName}/SearchSessions`, TOKEN, status.OK],
      ['that was refused', `/${SessionService.typeName}/SearchSessions`, 'another-token-long-enough', status.UNAUTHENTICATED],
      ['of no method', '/opencode.None/Get', TOKEN, status.UNIMPLEMENTED],
    ])('can be found by what the caller was answered: a gRPC call %s', async (_, path, token, code) => {
      expect(await idsOf(path, token, 'my-own-id')).toEqual({ code, id: 'my-own-id' });
      expect((await idsOf(path, token, 'not well formed')).id).toMatch(/^[0-9a-f-]{36}$/);
    });

    it.each(NAMES)("names the caller's trace, though nothing is traced here (%s)", async (name) => {
      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const traced = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
      const door =
        name === 'gRPC'
          ? new GrpcDoor(gateway.grpcAddress, TOKEN, undefined, traced)
          : new RestDoor(gateway.httpUrl, TOKEN, undefined, traced);
      doors.push(door);
      await door.call(SessionService.method.listSessionStatuses, {});

      expect(await lineOf('Access', name, 'opencode.session.SessionService/ListSessionStatuses')).toMatchObject({ traceId });
    });

    it('does not repeat an address that is none of ours, nor any query', async () => {
      const headers = { authorization: `Bearer ${TOKEN}`, 'x-request-id': 'mine-1' };
      await fetch(`${gateway.httpUrl}/sec-path?a=sec-query`, { headers });
      await fetch(`${gateway.httpUrl}/sessions?query=sec-query`, { headers });

      await eventually(() => lines('Access').some(({ requestId }) => requestId === 'mine-1'));
      expect(await lineOf('Access', 'REST', '')).toMatchObject({ code: 'NOT_FOUND', status: 404 });
      expect(gateway.process.output).not.toMatch(/sec-(path|query)/);
    });

    it('is silent about probes that go well', async () => {
      await fetch(`${gateway.httpUrl}/health`);
      await doorOf('REST').call(SessionService.method.listSessionStatuses, {});
      await lineOf('Access', 'REST', 'opencode.session.SessionService/ListSessionStatuses');

      expect(lines('Access').filter(({ method }) => method?.endsWith('/Health'))).toEqual([]);
    });

    it('shows no contents unless it is told to', () => {
      expect(lines('Payload')).toEqual([]);
    });
  });

  it('is not written when it is switched off', async () => {
    gateway = await start({ ACCESS_LOG: 'false' });
    await doorOf('gRPC').call(SessionService.method.searchSessions, {});
    await doorOf('REST').call(SessionService.method.searchSessions, {});
    await stop();

    expect(lines('Access')).toEqual([]);
  });

  describe('of what was said', () => {
    const createSession = 'opencode.session.SessionService/CreateSession';

    beforeAll(async () => {
      gateway = await start({ A2A_LOG_PAYLOADS: 'true', A2A_LOG_BODY_LIMIT: '200', LOG_LEVEL: 'debug' });
    });

    afterAll(() => stop());

    it.each(NAMES)('shows requests, and answers up to the limit (%s)', async (name) => {
      await doorOf(name).call(SessionService.method.createSession, { title: `short ${name}` });
      const shownThere = (): Line[] =>
        lines('Payload').filter((line) => line.method === createSession && line.door === (name === 'gRPC' ? 'grpc' : 'http'));
      await eventually(() => shownThere().some(({ answer }) => answer !== undefined));

      const shown = shownThere();

      expect(shown.map(({ request }) => request).join()).toContain(`short ${name}`);
      expect(shown.map(({ answer }) => answer).join()).toMatch(/^.*"id":"ses_.*… \(\d{3} bytes\)$/);
    });

    it.each(NAMES)('leaves out a request above the limit, and its answer (%s)', async (name) => {
      const before = lines('Payload').length;
      await doorOf(name).call(SessionService.method.createSession, { title: 'long '.repeat(50) });
      await lineOf('Access', name, createSession);
      await eventually(() => lines('Payload').length > before);

      expect(lines('Payload').slice(before)).toMatchObject([{ request: null, omitted: expect.stringMatching(/^\d+ bytes$/) }]);
    });

    it.each(NAMES)('never shows credentials, what is read back, and streams (%s)', async (name) => {
      const door = doorOf(name);
      const conversation = await Conversation.begin(door);
      await door.call(AuthService.method.setProviderCredential, { providerId: 'p', credential: { case: 'apiKey', value: 'sec-key' } });
      await collect(conversation.stream([{ t: 'text', value: 'fine' }]));
      await conversation.history();
      await lineOf('Access', name, 'opencode.message.MessageService/ListMessages');
      await pause(50);

      const shown = lines('Payload').filter(({ answer }) => answer !== undefined);

      expect(new Set(shown.map(({ method }) => method))).toEqual(new Set([createSession]));
      expect(gateway.process.output).not.toContain('sec-key');
      expect(lines('Payload').map(({ method }) => method)).toContain(`${MessageService.typeName}/StreamMessage`);
    });
  });
});
