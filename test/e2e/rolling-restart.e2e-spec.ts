import { setTimeout as pause } from 'node:timers/promises';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { isShown } from '../faults/invariants.js';
import { Reader, type ReaderPlan } from '../faults/reader.js';
import { Records } from '../faults/records.js';
import { BalancedGateways } from '../support/balanced-gateways.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway, type CompiledGateway } from '../support/compiled-gateway.js';
import { Conversation, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { RestDoor } from '../support/rest.door.js';
import { script } from '../support/scripted-model.js';

const CALLERS_PER_DOOR = 3;

/** A call after the other, over connections that stay, until it is told to stop; what failed. */
class Caller {
  calls = 0;
  readonly failures: string[] = [];
  private isLeaving = false;
  private readonly finished: Promise<void>;

  constructor(name: string, call: (count: number) => Promise<unknown>) {
    this.finished = this.go(name, call);
  }

  async leave(): Promise<void> {
    this.isLeaving = true;
    await this.finished;
  }

  private async go(name: string, call: (count: number) => Promise<unknown>): Promise<void> {
    while (!this.isLeaving) {
      this.calls += 1;
      await call(this.calls).catch((error: unknown) => this.failures.push(`${name} ${this.calls}: ${String(error)}`));
    }
  }
}

describe('gateways that are restarted one after the other', () => {
  let opencode: OpencodeServer;
  let balanced: BalancedGateways;
  let doors: readonly Door[];

  beforeAll(async () => {
    await compileGateway();
    opencode = await OpencodeServer.start();
    balanced = await BalancedGateways.start({ heededAfterMs: 1_000 });
    await Promise.all([launch(), launch()]);
    const { grpcAddress, httpUrl } = balanced.address();
    doors = [new GrpcDoor(grpcAddress), new RestDoor(httpUrl)];
  }, COMPILE_TIMEOUT_MS);

  const running: CompiledGateway[] = [];

  afterAll(async () => {
    for (const door of doors) door.close();
    for (const { process } of running) process.kill('SIGKILL');
    await Promise.all(running.map(({ process }) => process.exited));
    balanced.stop();
    await opencode.stop();
  });

  async function launch(): Promise<void> {
    const gateway = await startCompiledGateway({
      OPENCODE_BASE_URL: opencode.url,
      OPENCODE_WORKSPACE_ROOT: opencode.environment.workspace,
      LOG_LEVEL: 'warn',
      DRAIN_DELAY_MS: '2500',
      DRAIN_TIMEOUT_MS: '20000',
    });
    running.push(gateway);
    await balanced.add(gateway);
  }

  /** As a rollout that has one more while one goes. */
  async function replace(gateway: CompiledGateway): Promise<number | NodeJS.Signals> {
    await launch();
    gateway.process.kill('SIGTERM');
    const ending = await gateway.process.exited;
    balanced.remove(gateway);
    running.splice(running.indexOf(gateway), 1);
    return ending;
  }

  it('fail no unary call, and lose and repeat no durable event', async () => {
    const [grpc, rest] = doors;
    if (grpc === undefined || rest === undefined) throw new Error('a door is missing');
    const { sessionId } = await Conversation.begin(grpc);
    const plan: ReaderPlan = { door: 'grpc', deltas: false, durableOnly: true, habits: [] };
    const readers = (['grpc', 'sse'] as const).map((door) => new Reader(door, sessionId, { ...plan, door }, [() => balanced.address()]));
    const callers = doors.flatMap((door) => [
      ...Array.from(
        { length: CALLERS_PER_DOOR },
        () => new Caller(`${door.name} list`, () => door.call(MessageService.method.listMessages, { sessionId, pageSize: 5 })),
      ),
      new Caller(`${door.name} create`, () => door.call(SessionService.method.createSession, { title: 'rolling' }).then(() => pause(50))),
      new Caller(`${door.name} prompt`, (count) => {
        const parts = [textPart(script([{ t: 'text', value: `${door.name} ${count}` }]))];
        return door.call(MessageService.method.runMessage, { sessionId, parts, requestId: `${door.name}-${count}` });
      }),
    ]);

    const endings = [await replace(running[0] as CompiledGateway), await replace(running[0] as CompiledGateway)];
    await Promise.all(callers.map((caller) => caller.leave()));
    const records = new Records(() => opencode.url);
    const history = (await records.history(sessionId)).filter(isShown).map(({ seq, id }) => [seq, id]);
    await eventually(() => readers.every(({ position }) => position.sequence >= Number(history.at(-1)?.[0])));
    await Promise.all(readers.map((reader) => reader.leave()));

    expect(endings).toEqual([0, 0]);
    expect(callers.flatMap(({ failures }) => failures)).toEqual([]);
    for (const { calls } of callers) expect(calls).toBeGreaterThan(1);
    for (const { events, entries } of readers) {
      expect(entries.filter(({ kind }) => kind === 'opened').length).toBeGreaterThan(1);
      expect(events.flatMap(({ sequence, eventId }) => (sequence === undefined ? [] : [[Number(sequence), eventId]]))).toEqual(history);
    }
  }, 120_000);
});
