import { setTimeout as pause } from 'node:timers/promises';
import { TaskState, type StreamResponse, type Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import {
  answerOf,
  asTask,
  collectItems,
  connect,
  kindsOf,
  sending,
  statesIn,
  streamedText,
  WAYS,
  type Sending,
} from '../support/a2a-client.js';
import { eventually } from '../support/eventually.js';
import { OverridingProxy, type Override } from '../support/overriding-proxy.js';
import { startRemoteGateway, startReplica, type RemoteGateway } from '../support/remote-gateway.js';
import { script } from '../support/script.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const { TASK_STATE_CANCELED, TASK_STATE_COMPLETED, TASK_STATE_SUBMITTED } = TaskState;
const ENDS: readonly number[] = [TASK_STATE_COMPLETED, TASK_STATE_CANCELED, TaskState.TASK_STATE_FAILED, TaskState.TASK_STATE_REJECTED];
const WORDS = 20;

const endless = script([{ t: 'endless' }]);
const brief = script([{ t: 'text', value: 'over' }]);
const some = script([{ t: 'text', n: WORDS, ms: 30 }]);
const someWords = Array.from({ length: WORDS }, (_, index) => `w${index} `).join('');

describe('canceling tasks and coming back to them', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  const begin = async (client: Client, text: string, options: Sending = {}): Promise<Task> =>
    asTask(await client.sendMessage(sending(text, { ...options, returnImmediately: true })));
  const cancel = (client: Client, id: string): Promise<Task> => client.cancelTask({ tenant: '', id, metadata: undefined });
  const stateOf = async (client: Client, id: string): Promise<number | undefined> =>
    (await client.getTask({ tenant: '', id })).status?.state;
  const follow = (client: Client, id: string): Promise<StreamResponse[]> => collectItems(client.resubscribeTask({ tenant: '', id }));
  const endsIn = (items: readonly StreamResponse[]): number[] => statesIn(items).filter((state) => ENDS.includes(state));
  const prompted = (text: string) => test.model.requests.filter(({ promptText, forTitle }) => !forTitle && promptText.includes(text));

  describe.each(WAYS)('over %s in version %s', (binding, version) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, binding, version);
    });

    it('T38 cancels twice, and answers the same', async () => {
      const { id } = await begin(client, endless);

      const canceled = await cancel(client, id);

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      expect(await cancel(client, id)).toEqual(canceled);
    });

    it('T39 does not cancel what is completed, which stays so', async () => {
      const { id } = asTask(await client.sendMessage(sending(brief)));

      await expect(cancel(client, id)).rejects.toThrow(/cannot be canceled/);

      expect(await stateOf(client, id)).toBe(TASK_STATE_COMPLETED);
    });

    it('T40 ends once, when it is canceled while it ends', async () => {
      // Nearer and nearer to its end: whoever comes first, all say the same.
      for (const afterMs of [0, 10, 20, 40, 80, 160]) {
        let canceled: Promise<number | undefined> | undefined;
        let id = '';
        const items: StreamResponse[] = [];
        for await (const item of client.sendMessageStream(sending(brief))) {
          items.push(item);
          const { payload } = item;
          if (payload?.$case === 'task') ({ id } = payload.value);
          if (payload?.$case === 'artifactUpdate') canceled ??= pause(afterMs).then(() => outcomeOf(cancel(client, id)));
        }
        const state = await canceled;

        expect(ENDS).toContain(state);
        expect(endsIn(items)).toEqual([state]);
        expect(await stateOf(client, id)).toBe(state);
        expect(await outcomeOf(cancel(client, id))).toBe(state);
      }
    });

    it('T41 shows a task that has ended once more and closes, or says that nothing comes any more', async () => {
      const { id } = asTask(await client.sendMessage(sending(brief)));

      if (version === '1.0') {
        await expect(follow(client, id)).rejects.toThrow(/has ended/);
        return;
      }
      const items = await follow(client, id);
      expect(kindsOf(items)).toEqual(['task']);
      expect(statesIn(items)).toEqual([TASK_STATE_COMPLETED]);
    });

    it('T42 follows a task that runs, whoever began it', async () => {
      const { id } = await begin(client, some);

      const items = await follow(client, id);

      expect(kindsOf(items)[0]).toBe('task');
      expect(endsIn(items)).toEqual([TASK_STATE_COMPLETED]);
      expect(answerOf(await client.getTask({ tenant: '', id }))).toBe(someWords);
    });

    it('T43 carries a task through when its reader is cut off', async () => {
      let id = '';
      for await (const { payload } of client.sendMessageStream(sending(some))) {
        if (payload?.$case === 'task') ({ id } = payload.value);
        // Leaving the loop closes the connection.
        if (payload?.$case === 'artifactUpdate') break;
      }
      await eventually(async () => ENDS.includes((await stateOf(client, id)) ?? 0));

      const task = await client.getTask({ tenant: '', id });

      expect(task.status?.state).toBe(TASK_STATE_COMPLETED);
      expect(answerOf(task)).toBe(someWords);
    });

    it('T44 ends a send that waits and every stream of the task, and lets go of the model', async () => {
      const text = `${binding} ${version} ${endless}`;
      const reader = collectItems(client.sendMessageStream(sending(text, { contextId: `${binding} ${version}`, messageId: 'm' })));
      await eventually(() => prompted(text).length === 1);
      // The same message is the same task, and this one waits for its end.
      const waiting = client.sendMessage(sending(text, { contextId: `${binding} ${version}`, messageId: 'm' }));
      const { id } = await begin(client, text, { contextId: `${binding} ${version}`, messageId: 'm' });
      // One that comes too late for the stream is told that, or shown the end.
      const later = follow(client, id).then(endsIn, () => [TASK_STATE_CANCELED]);

      await cancel(client, id);

      expect(endsIn(await reader)).toEqual([TASK_STATE_CANCELED]);
      expect(await later).toEqual([TASK_STATE_CANCELED]);
      expect(asTask(await waiting)).toMatchObject({ id, status: { state: TASK_STATE_CANCELED } });
      await eventually(() => prompted(text).every(({ aborted }) => aborted));
      expect(prompted(text)).toHaveLength(1);
    });
  });

  describe('in a session with others', () => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, 'JSONRPC', '0.3');
    });

    it('T48 cancels a task that waits in line without touching the one that runs', async () => {
      const running = await begin(client, some, { contextId: 'line' });
      const waiting = await begin(client, 'never asked', { contextId: 'line' });
      expect(waiting.status?.state).toBe(TASK_STATE_SUBMITTED);

      const canceled = await cancel(client, waiting.id);
      await eventually(async () => (await stateOf(client, running.id)) !== TaskState.TASK_STATE_WORKING);

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      expect(await client.getTask({ tenant: '', id: running.id })).toMatchObject({ status: { state: TASK_STATE_COMPLETED } });
      expect(answerOf(await client.getTask({ tenant: '', id: running.id }))).toBe(someWords);
      expect(prompted('never asked')).toEqual([]);
    });

    it('T48 goes on with what waits once the running one is canceled', async () => {
      const running = await begin(client, endless, { contextId: 'next' });
      const waiting = client.sendMessage(sending(brief, { contextId: 'next' }));

      await cancel(client, running.id);

      expect(asTask(await waiting).status?.state).toBe(TASK_STATE_COMPLETED);
    });

    it('T45 cancels though nobody reads the streams of the task', async () => {
      const { id } = await begin(client, endless);
      const unread = [1, 2, 3].map(() => client.resubscribeTask({ tenant: '', id }));
      for (const stream of unread) await stream.next();

      expect((await cancel(client, id)).status?.state).toBe(TASK_STATE_CANCELED);

      for (const stream of unread) expect(endsIn(await collectItems(stream))).toEqual([TASK_STATE_CANCELED]);
    });

    it('T42 follows and cancels at another replica', async () => {
      const replica = await startReplica(test, { OPENCODE_WORKSPACE_ROOT: test.opencode.workspace });
      const there = await connect(replica, 'JSONRPC', '0.3');
      const followed = await begin(client, some);
      const canceled = await begin(client, endless);

      const items = await follow(there, followed.id);
      const answer = await cancel(there, canceled.id);
      await replica.stop();

      expect(endsIn(items)).toEqual([TASK_STATE_COMPLETED]);
      expect(streamedText(items)).not.toBe('');
      expect(answer.status?.state).toBe(TASK_STATE_CANCELED);
      await eventually(async () => (await stateOf(client, canceled.id)) === TASK_STATE_CANCELED);
    });
  });

  describe('when OpenCode does not abort', () => {
    const ABORT = /^POST \/session\/[^/]+\/abort/;
    let proxy: OverridingProxy;
    let impatient: RemoteGateway;
    let patient: RemoteGateway;

    beforeAll(async () => {
      const { baseUrl = '', password = '' } = test.gateway.app.get(OpencodeLifecycle).supervisor?.endpoint() ?? {};
      proxy = await OverridingProxy.start(baseUrl);
      const settings = { OPENCODE_BASE_URL: proxy.url, OPENCODE_SERVER_PASSWORD: password };
      impatient = await startRemoteGateway({ ...settings, A2A_CANCEL_ABORT_TIMEOUT_SECONDS: '0.1' });
      patient = await startRemoteGateway({ ...settings, A2A_CANCEL_ABORT_TIMEOUT_SECONDS: '50' });
    });

    afterAll(async () => {
      proxy.overrides.clear();
      await impatient.stop();
      await patient.stop();
      await proxy.stop();
    });

    afterEach(() => proxy.overrides.clear());

    const FAULTS: readonly (readonly [string, Override])[] = [
      ['fails', { status: 500, body: '{}' }],
      ['knows no such session', { status: 404, body: '{}' }],
      ['hangs up', 'cut'],
    ];

    it.each(FAULTS)('T46 is canceled though OpenCode %s', async (_, fault) => {
      const client = await connect(impatient, 'JSONRPC', '0.3');
      const { id } = await begin(client, endless);
      const stream = follow(client, id);
      proxy.overrides.set(ABORT, fault);

      const canceled = await cancel(client, id);

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      expect(endsIn(await stream)).toEqual([TASK_STATE_CANCELED]);
      expect(await cancel(client, id)).toEqual(canceled);
    });

    it('T47 answers though OpenCode never answers, and lets go of it as soon as it can', async () => {
      const client = await connect(impatient, 'JSONRPC', '0.3');
      let letGo = (): void => undefined;
      const text = `held ${endless}`;
      const { id } = await begin(client, text);
      await eventually(() => prompted(text).length === 1);
      proxy.overrides.set(ABORT, { notBefore: new Promise<void>((resolve) => (letGo = resolve)) });

      const canceled = await cancel(client, id);
      const wasRunning = prompted(text).every(({ aborted }) => !aborted);
      letGo();

      expect(canceled.status?.state).toBe(TASK_STATE_CANCELED);
      expect(wasRunning).toBe(true);
      await eventually(() => prompted(text).every(({ aborted }) => aborted));
    });

    it('T49 waits for OpenCode as long as it is told to', async () => {
      const client = await connect(patient, 'JSONRPC', '0.3');
      let letGo = (): void => undefined;
      let isAnswered = false;
      const { id } = await begin(client, endless);
      proxy.overrides.set(ABORT, { notBefore: new Promise<void>((resolve) => (letGo = resolve)) });
      const stream = follow(client, id);

      const canceled = cancel(client, id).finally(() => (isAnswered = true));
      // It counts at once for all who look.
      expect(endsIn(await stream)).toEqual([TASK_STATE_CANCELED]);
      expect(await stateOf(client, id)).toBe(TASK_STATE_CANCELED);
      expect(isAnswered).toBe(false);
      letGo();

      expect((await canceled).status?.state).toBe(TASK_STATE_CANCELED);
    });
  });
});

/** What a cancel says of the end of its task: one that has completed is not canceled any more. */
async function outcomeOf(canceled: Promise<Task>): Promise<number | undefined> {
  try {
    return (await canceled).status?.state;
  } catch (error) {
    if (/cannot be canceled/.test(String(error))) return TASK_STATE_COMPLETED;
    throw error;
  }
}
