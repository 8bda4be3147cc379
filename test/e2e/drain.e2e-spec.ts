import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { Agent, request } from 'undici';
import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { A2AHttp } from '../support/a2a-http.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { collect, Conversation, readUntil, textPart } from '../support/conversation.js';
import { CallError, type Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { HealthClient } from '../support/health-client.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { RemoteGateway } from '../support/remote-gateway.js';
import { RestDoor } from '../support/rest.door.js';
import { script, type Operation } from '../support/scripted-model.js';

const UNAVAILABLE = 14;
const LONG_MS = '600000';

/** How a call or a stream ended that had to fail. */
function failureOf(work: Promise<unknown>): Promise<CallError> {
  return work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => (error instanceof CallError ? error : Promise.reject(new Error(String(error)))),
  );
}

describe('a gateway that is told to stop', () => {
  let opencode: OpencodeServer;
  /** Another one, which stays. */
  let other: RemoteGateway;
  const doors: { close(): void }[] = [];
  let gateway: CompiledGateway;
  let grpc: Door;
  let rest: Door;

  beforeAll(async () => {
    await compileGateway();
    opencode = await OpencodeServer.start();
    other = await opencode.gateway();
  }, COMPILE_TIMEOUT_MS);

  afterEach(async () => {
    for (const door of doors.splice(0)) door.close();
    gateway.process.kill('SIGKILL');
    await gateway.process.exited;
  });

  afterAll(async () => {
    await other.stop();
    await opencode.stop();
  });

  function keep<T extends { close(): void }>(door: T): T {
    doors.push(door);
    return door;
  }

  async function start(settings: NodeJS.ProcessEnv): Promise<void> {
    const place = { OPENCODE_BASE_URL: opencode.url, OPENCODE_WORKSPACE_ROOT: opencode.environment.workspace };
    gateway = await startCompiledGateway({ ...place, LOG_LEVEL: 'info', ...settings });
    grpc = keep(new GrpcDoor(gateway.grpcAddress));
    rest = keep(new RestDoor(gateway.httpUrl));
  }

  async function stopped(): Promise<void> {
    gateway.process.kill('SIGTERM');
    await gateway.process.says(/Not ready any more/);
  }

  /** A turn of another caller, as the gateway that stays shows it. */
  function elsewhere({ sessionId }: Conversation): Conversation {
    return Conversation.at(other.rest, sessionId);
  }

  /** Waits for its answer at the door, and runs. */
  async function beginRunning(door: Door, ...calls: readonly (readonly Operation[])[]) {
    const conversation = await Conversation.begin(door);
    const watcher = elsewhere(conversation).watch();
    const answer = conversation.run(...calls);
    answer.catch(() => undefined);
    await readUntil(watcher, ({ event }) => event.case === 'messagePartUpdated');
    return { conversation, answer };
  }

  it('says that it is not ready, and serves everybody for DRAIN_DELAY_MS all the same', async () => {
    await start({ DRAIN_DELAY_MS: '4000' });
    const health = keep(new HealthClient(gateway.grpcAddress));
    const watch = health.watch('opencode.session.SessionService');
    await readUntil(watch, (status) => status === 'SERVING');
    const conversation = await Conversation.begin(grpc);
    const streams = [conversation.watch(), Conversation.at(rest, conversation.sessionId).watch({ afterSequence: 0n })];
    const ends = streams.map((stream) => failureOf(collect(stream)));
    await conversation.run([{ t: 'text', value: 'hello' }]);
    const last = (await elsewhere(conversation).history()).at(-1);

    await stopped();

    expect(await readUntil(watch, (status) => status === 'NOT_SERVING')).toEqual(['NOT_SERVING']);
    const ready = await request(`${gateway.httpUrl}/readyz`);
    expect([ready.statusCode, await ready.body.json()]).toEqual([503, { ready: false, notReady: ['draining'] }]);
    expect((await fetch(`${gateway.httpUrl}/health`)).status).toBe(503);
    expect((await fetch(`${gateway.httpUrl}/livez`)).status).toBe(200);
    const fresh = keep(new GrpcDoor(gateway.grpcAddress));
    for (const door of [grpc, rest, fresh]) {
      const { messages } = await door.call(MessageService.method.listMessages, { sessionId: conversation.sessionId });
      expect(messages.at(-1)?.messageId).toBe(last?.messageId);
    }
    const answered = await request(`${gateway.httpUrl}/sessions`);
    await answered.body.dump();
    expect(answered.headers.connection).toBe('close');

    for (const end of await Promise.all(ends)) {
      expect(end).toMatchObject({ code: UNAVAILABLE, reason: 'SHUTTING_DOWN', metadata: { lastSequence: expect.stringMatching(/^\d+$/) } });
    }
    await expect(collect(watch)).rejects.toMatchObject({ code: UNAVAILABLE, reason: 'SHUTTING_DOWN' });
    expect(await gateway.process.exited).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends at once on a second signal (%s)', async (second) => {
    await start({ DRAIN_DELAY_MS: LONG_MS });
    await stopped();

    gateway.process.kill(second);

    expect(await gateway.process.exited).toBe(1);
  });

  it('answers calls in flight on both doors, and OpenCode gets what waits for its turn', async () => {
    await start({ DRAIN_TIMEOUT_MS: LONG_MS });
    const slowly: Operation = { t: 'text', n: 60, ms: 50 };
    const running = await Promise.all([grpc, rest].map((door) => beginRunning(door, [slowly])));
    const forgotten = await Promise.all(
      running.map(({ conversation: { door, sessionId } }) =>
        door.call(MessageService.method.sendMessage, { sessionId, parts: [textPart(script([{ t: 'text', value: 'later' }]))] }),
      ),
    );

    await stopped();

    for (const { answer } of running) expect(await answer).toMatchObject({ finish: 'stop', turnState: TurnState.COMPLETED });
    expect(await gateway.process.exited).toBe(0);
    expect(forgotten).toHaveLength(2);
    for (const { conversation } of running) {
      await eventually(async () => (await elsewhere(conversation).history()).at(-1)?.textParts.includes('later') ?? false);
    }
  });

  it.each(['JSON-RPC', 'REST'] as const)('ends streams of A2A (%s) with an error, and their tasks go on', async (binding) => {
    await start({});
    const client = new A2AHttp(gateway.httpUrl, binding, '1.0');
    const response = await client.stream({ message: client.message(script([{ t: 'text', n: 60, ms: 50 }])) });
    const told: string[] = [];
    const end = (async () => {
      for await (const bytes of response.body ?? []) told.push(Buffer.from(bytes as Uint8Array).toString());
    })();
    await eventually(() => told.join('').includes('TASK_STATE_WORKING'));

    await stopped();

    await end;
    expect(told.join('')).toMatch(/SHUTTING_DOWN|shutting down/);
    expect(await gateway.process.exited).toBe(0);
    const [, sessionId = ''] = /(ses_\w+)/.exec(told.join('')) ?? [];
    await eventually(async () => (await Conversation.at(other.rest, sessionId).history()).at(-1)?.finish === 'stop');
  });

  it('tells callers whose time is up so, and leaves their turns to OpenCode', async () => {
    await start({ DRAIN_TIMEOUT_MS: '2000' });
    const running = await Promise.all([grpc, rest].map((door) => beginRunning(door, [{ t: 'text', n: 120, ms: 50 }])));
    const { sessionId } = running[0]?.conversation ?? {};
    const queued = failureOf(grpc.call(MessageService.method.runMessage, { sessionId, parts: [textPart(script([{ t: 'text', n: 1 }]))] }));
    const isWaiting = async (): Promise<boolean> => (await running[0]?.conversation.history())?.length === 2;
    await eventually(isWaiting);

    await stopped();

    for (const { answer } of running) await expect(answer).rejects.toMatchObject({ code: UNAVAILABLE, reason: 'SHUTTING_DOWN' });
    expect(await queued).toMatchObject({ code: UNAVAILABLE, reason: 'TURN_INTERRUPTED', metadata: { errorName: 'GatewayStopped' } });
    expect(await gateway.process.exited).toBe(0);
    for (const { conversation } of running) {
      await eventually(async () => (await elsewhere(conversation).history()).at(-1)?.finish === 'stop');
    }
  });

  it('is not held by connections that rest', async () => {
    await start({ DRAIN_TIMEOUT_MS: LONG_MS });
    const { port: httpPort } = new URL(gateway.httpUrl);
    const agent = new Agent({ keepAliveTimeout: 600_000 });
    keep({ close: () => void agent.destroy() });
    await (await request(`${gateway.httpUrl}/livez`, { dispatcher: agent })).body.dump();
    const silent = [connect(Number(httpPort), '127.0.0.1'), connect(Number(gateway.grpcAddress.split(':')[1]), '127.0.0.1')];
    const session = connectHttp2(`http://${gateway.grpcAddress}`);
    await Promise.all([...silent, session].map((connection) => once(connection, 'connect')));
    for (const connection of [...silent, session]) connection.on('error', () => undefined);
    await grpc.call(SessionService.method.listSessions, {});

    await stopped();

    expect(await gateway.process.exited).toBe(0);
  });

  it('tells an HTTP/2 client to go with the number of the last call that it takes', async () => {
    await start({ DRAIN_TIMEOUT_MS: LONG_MS });
    const session = connectHttp2(`http://${gateway.grpcAddress}`);
    await once(session, 'connect');
    const goaway = once(session, 'goaway');

    await stopped();

    expect((await goaway).slice(0, 2)).toEqual([0, 0]);
    expect(await gateway.process.exited).toBe(0);
  });
});
