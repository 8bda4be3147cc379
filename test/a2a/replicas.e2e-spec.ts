import { TaskState, type StreamResponse } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { Logger } from '@nestjs/common';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { answerOf, asTask, collectItems, connect, sending, statesIn, streamedText, WAYS } from '../support/a2a-client.js';
import { COMPILE_TIMEOUT_MS, compileGateway, startCompiledGateway } from '../support/compiled-gateway.js';
import { eventually } from '../support/eventually.js';
import { findRedisServer, TestRedisServer } from '../support/redis-server.js';
import { startReplica, type RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const { TASK_STATE_SUBMITTED, TASK_STATE_WORKING, TASK_STATE_COMPLETED, TASK_STATE_CANCELED } = TaskState;
const redisProgram = findRedisServer();

function words(count: number): string {
  return Array.from({ length: count }, (_, index) => `w${index} `).join('');
}

const says = (count: number): string => script([{ t: 'text', n: count, ms: 25 }]);

/** The text of a task as it was shown first, and what was added; the library's clients of 0.3 leave out whether a piece is added. */
function followedText(items: readonly StreamResponse[]): string {
  const first = items[0]?.payload;
  return (first?.$case === 'task' ? answerOf(first.value) : '') + streamedText(items);
}

const begin = async (client: Client, text: string, contextId = ''): Promise<string> =>
  asTask(await client.sendMessage(sending(text, { contextId, returnImmediately: true }))).id;

const untilItSpeaks = (client: Client, id: string): Promise<void> =>
  eventually(async () => answerOf(await client.getTask({ tenant: '', id })) !== '');

describe('tasks at more than one gateway', () => {
  let test: TestGateway;
  let here: Client;

  beforeAll(async () => {
    await compileGateway();
    test = await startTestGateway();
    here = await connect(test, 'JSONRPC', '1.0');
  }, COMPILE_TIMEOUT_MS);

  afterAll(() => test.stop());

  // What is audited would fill the screen.
  beforeEach(() => void jest.spyOn(Logger.prototype, 'log').mockImplementation());

  const stateOf = async (id: string, client = here): Promise<TaskState | undefined> =>
    (await client.getTask({ tenant: '', id })).status?.state;

  it('a gateway that is killed leaves its tasks to the others, and finds them when it is back', async () => {
    const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
    const settings = { OPENCODE_BASE_URL: baseUrl, OPENCODE_SERVER_PASSWORD: password, OPENCODE_WORKSPACE_ROOT: test.opencode.workspace };
    const killed = await startCompiledGateway(settings);
    const there = await connect(killed, 'HTTP+JSON', '1.0');
    const id = await begin(there, says(120), 'killed');
    await untilItSpeaks(there, id);

    killed.process.kill('SIGKILL');
    await killed.process.exited;
    expect(await stateOf(id)).toBe(TASK_STATE_WORKING);
    const followed = await Promise.all(
      WAYS.map(async ([binding, version]) => collectItems((await connect(test, binding, version)).resubscribeTask({ tenant: '', id }))),
    );
    const again = await startCompiledGateway(settings);
    const back = await connect(again, 'GRPC', '1.0');

    for (const items of followed) {
      expect(items[0]?.payload?.$case).toBe('task');
      expect(followedText(items)).toBe(words(120));
      expect(statesIn(items).filter((state) => state === TASK_STATE_COMPLETED)).toHaveLength(1);
    }
    for (const client of [here, back]) {
      const task = await client.getTask({ tenant: '', id });
      expect([task.status?.state, answerOf(task), task.contextId]).toEqual([TASK_STATE_COMPLETED, words(120), 'killed']);
    }
    // The conversation goes on, too.
    const next = asTask(await back.sendMessage(sending(script([{ t: 'text', value: 'next' }]), { contextId: 'killed' })));
    expect(next.id.split('.')[0]).toBe(id.split('.')[0]);
    again.process.kill('SIGKILL');
    await again.process.exited;
  });

  describe('with another gateway at the same OpenCode', () => {
    let replica: RemoteGateway;
    let there: Client;

    beforeEach(async () => {
      replica = await startReplica(test);
      there = await connect(replica, 'JSONRPC', '1.0');
    });

    afterEach(() => replica.stop());

    it('a task is canceled at either, and its readers hear of it at both', async () => {
      const id = await begin(there, says(2_000));
      await untilItSpeaks(there, id);
      const readers = [here, there].map((client) => collectItems(client.resubscribeTask({ tenant: '', id })));

      const canceled = await here.cancelTask({ tenant: '', id, metadata: undefined });

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      for (const items of await Promise.all(readers)) expect(statesIn(items).slice(-1)).toEqual([TASK_STATE_CANCELED]);
      expect(await stateOf(id, there)).toBe(TASK_STATE_CANCELED);
      await eventually(() => test.model.openStreams === 0);
    });

    it.each(WAYS)('a gateway that stops ends its streams with an error, and the task goes on (%s, %s)', async (binding, version) => {
      const client = await connect(replica, binding, version);
      const items: StreamResponse[] = [];
      let taskId = '';
      let stopping: Promise<void> | undefined;
      const reading = (async () => {
        for await (const item of client.sendMessageStream(sending(says(80)))) {
          items.push(item);
          if (item.payload?.$case === 'task') taskId = item.payload.value.id;
          if (item.payload?.$case === 'artifactUpdate') stopping ??= replica.gateway.stop();
        }
      })();

      await expect(reading).rejects.toThrow(/stop|shut|UNAVAILABLE/i);
      await stopping;
      expect(statesIn(items)).not.toContain(TASK_STATE_COMPLETED);
      expect(await stateOf(taskId)).toBe(TASK_STATE_WORKING);
      const rest = await collectItems(here.resubscribeTask({ tenant: '', id: taskId }));
      expect(followedText(rest)).toBe(words(80));
      expect(statesIn(rest).at(-1)).toBe(TASK_STATE_COMPLETED);
    });
  });

  (redisProgram === undefined ? describe.skip : describe)('with one store for all', () => {
    let redis: TestRedisServer;
    let replicas: readonly RemoteGateway[];
    let a: Client;
    let b: Client;

    beforeAll(async () => {
      redis = await TestRedisServer.start(redisProgram ?? '');
      replicas = await Promise.all([1, 2].map(() => startReplica(test, { A2A_STORE_URL: redis.url })));
      [a, b] = (await Promise.all(replicas.map((replica) => connect(replica, 'GRPC', '1.0')))) as [Client, Client];
    });

    afterAll(async () => {
      for (const replica of replicas) await replica.stop();
      await redis.stop();
    });

    it('what waits at one is seen and canceled at the other, and never runs', async () => {
      const first = await begin(a, says(60), 'line');
      const waiting = await begin(a, script([{ t: 'text', value: 'this must not be said' }]), 'line');
      const reader = collectItems(a.resubscribeTask({ tenant: '', id: waiting }));

      expect([await stateOf(waiting, a), await stateOf(waiting, b)]).toEqual([TASK_STATE_SUBMITTED, TASK_STATE_SUBMITTED]);
      const canceled = await b.cancelTask({ tenant: '', id: waiting, metadata: undefined });
      await eventually(async () => (await stateOf(first, a)) === TASK_STATE_COMPLETED);
      const behind = asTask(await a.sendMessage(sending(script([{ t: 'text', value: 'behind' }]), { contextId: 'line' })));

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      expect(statesIn(await reader).at(-1)).toBe(TASK_STATE_CANCELED);
      expect([await stateOf(waiting, a), await stateOf(waiting, b)]).toEqual([TASK_STATE_CANCELED, TASK_STATE_CANCELED]);
      expect(answerOf(behind)).toBe('behind');
      expect(test.model.requests.filter(({ promptText }) => promptText.includes('this must not be said'))).toEqual([]);
    });

    it('the first end counts at both, whoever comes later', async () => {
      for (const [one, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const id = await begin(one, says(2_000));
        await untilItSpeaks(one, id);

        const ends = await Promise.all([one, other].map((client) => client.cancelTask({ tenant: '', id, metadata: undefined })));

        expect(ends.map(({ status }) => status?.state)).toEqual([TASK_STATE_CANCELED, TASK_STATE_CANCELED]);
        expect([await stateOf(id, one), await stateOf(id, other)]).toEqual([TASK_STATE_CANCELED, TASK_STATE_CANCELED]);
      }
    });
  });

  // The last: it takes OpenCode down.
  it('a gateway that starts again with its OpenCode tells the truth of what was cut off', async () => {
    const done = asTask(await here.sendMessage(sending(script([{ t: 'text', value: 'done before' }]), { contextId: 'again' })));
    const cut = await begin(here, says(2_000), 'again');
    await untilItSpeaks(here, cut);

    await test.restart();

    here = await connect(test, 'JSONRPC', '1.0');
    const [kept, aborted] = await Promise.all([done.id, cut].map((id) => here.getTask({ tenant: '', id })));
    expect(kept).toMatchObject({ status: { state: TASK_STATE_COMPLETED }, contextId: 'again' });
    // It stopped in good order, which aborts what an OpenCode that ends with it would leave in the middle.
    expect(aborted?.status?.state).toBe(TASK_STATE_CANCELED);
    const next = asTask(await here.sendMessage(sending(script([{ t: 'text', value: 'alive' }]), { contextId: 'again' })));
    expect([next.id.split('.')[0], answerOf(next)]).toEqual([cut.split('.')[0], 'alive']);
  });
});
