import { StreamResponse, TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { Logger } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { answerOf, asTask, collectItems, connect, sending, statesIn, toldText, WAYS, type Binding } from '../support/a2a-client.js';
import { eventually } from '../support/eventually.js';
import { Random } from '../support/random.js';
import { script } from '../support/scripted-model.js';
import { readEvents, type SentEvent } from '../support/sse-reader.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const COMPLETED = TaskState.TASK_STATE_COMPLETED;
const CANCELED = TaskState.TASK_STATE_CANCELED;
const QUEUE_BYTES = 1024 * 1024;

function words(count: number): string {
  return Array.from({ length: count }, (_, index) => `w${index} `).join('');
}

/** What the scripted model says of so many bytes. */
function filling(bytes: number, chunk: number): string {
  return Array.from({ length: bytes / chunk }, (_, index) => `${index * chunk}`.padEnd(chunk, '.')).join('');
}

describe('faults at readers', () => {
  let test: TestGateway;
  const clients = new Map<string, Client>();

  const clientOf = (binding: Binding, version: '0.3' | '1.0'): Client => {
    const client = clients.get(`${binding} ${version}`);
    if (client === undefined) throw new Error('there is no such client');
    return client;
  };

  beforeAll(async () => {
    test = await startTestGateway({ settings: { RATE_LIMIT_PER_MINUTE: '0', STREAM_QUEUE_BYTES: String(QUEUE_BYTES) } });
    for (const [binding, version] of WAYS) clients.set(`${binding} ${version}`, await connect(test, binding, version));
  });

  afterAll(() => test.stop());

  // What is audited would fill the screen.
  beforeEach(() => void jest.spyOn(Logger.prototype, 'log').mockImplementation());

  /** All series of streams, in the gateway's own words. */
  async function streamMetrics(): Promise<Record<string, number>> {
    const text = await (await fetch(`${test.httpUrl}/metrics`)).text();
    const series = [...text.matchAll(/^opencode_gateway_streams?_(\w+)(?:\{[^}]*\})? (\d+)$/gm)];
    return series.reduce<Record<string, number>>(
      (sums, [, name = '', value]) => ({ ...sums, [name]: (sums[name] ?? 0) + Number(value) }),
      {},
    );
  }

  const post = (body: object, headers: Record<string, string> = {}): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

  describe.each(WAYS)('over %s in version %s', (binding, version) => {
    it('a stream that is cut takes nothing with it: the task completes and is found', async () => {
      const client = clientOf(binding, version);
      const left = new AbortController();
      let taskId = '';
      const reading = (async () => {
        for await (const { payload } of client.sendMessageStream(sending(script([{ t: 'text', n: 30, ms: 20 }])), {
          signal: left.signal,
        })) {
          if (payload?.$case === 'task') taskId = payload.value.id;
          if (payload?.$case === 'artifactUpdate') left.abort();
        }
      })();
      await reading.catch(() => undefined);
      await eventually(async () => ((await streamMetrics())['open'] ?? 0) === 0);

      const found = async () => client.getTask({ tenant: '', id: taskId });
      await eventually(async () => (await found()).status?.state === COMPLETED);

      expect(answerOf(await found())).toBe(words(30));
      expect(test.model.requests.filter(({ aborted }) => aborted)).toEqual([]);
    });

    it('a call that waits is given up, and its task goes on', async () => {
      const client = clientOf(binding, version);
      const contextId = `given-up-${binding}-${version}`;
      const left = new AbortController();
      const calls = test.model.requests.length;
      const answer = client.sendMessage(sending(script([{ t: 'text', n: 20, ms: 20 }]), { contextId, messageId: 'm' }), {
        signal: left.signal,
      });
      const outcome = answer.then(
        () => 'answered',
        () => 'given up',
      );
      await eventually(() => test.model.requests.length > calls);
      left.abort();
      expect(await outcome).toBe('given up');

      // The same message is the same task.
      const task = asTask(await client.sendMessage(sending(script([{ t: 'text', n: 20, ms: 20 }]), { contextId, messageId: 'm' })));

      expect(task.status?.state).toBe(COMPLETED);
      expect(answerOf(task)).toBe(words(20));
      expect(test.model.requests.slice(calls).filter(({ forTitle }) => !forTitle)).toHaveLength(1);
    });
  });

  describe('a reader that comes back with Last-Event-ID', () => {
    interface Resumable {
      readonly begin: (text: string) => readonly [string, RequestInit];
      readonly again: (taskId: string, headers: Record<string, string>) => readonly [string, RequestInit];
      readonly itemIn: (event: SentEvent) => StreamResponse;
    }
    const said = (text: string) => ({ messageId: 'm', role: 'ROLE_USER', parts: [{ text }] });
    const v1 = { 'a2a-version': '1.0' };
    const overRest: Resumable = {
      begin: (text) => [`${test.httpUrl}/message:stream`, post({ message: said(text) }, v1)],
      again: (taskId, headers) => [`${test.httpUrl}/tasks/${taskId}:subscribe`, { headers: { ...v1, ...headers } }],
      itemIn: ({ json }) => StreamResponse.fromJSON(json),
    };
    const overRpc: Resumable = {
      begin: (text) => [test.httpUrl, post({ jsonrpc: '2.0', id: 1, method: 'SendStreamingMessage', params: { message: said(text) } }, v1)],
      again: (id, headers) => [
        test.httpUrl,
        post({ jsonrpc: '2.0', id: 2, method: 'SubscribeToTask', params: { id } }, { ...v1, ...headers }),
      ],
      itemIn: ({ json }) => StreamResponse.fromJSON((json as { readonly result: unknown }).result),
    };

    it.each([
      ['HTTP+JSON', overRest],
      ['JSON-RPC', overRpc],
    ])('gets exactly what it missed, however often it is cut (%s)', async (_, { begin, again, itemIn }) => {
      const items: StreamResponse[] = [];
      let id: string | undefined;
      let taskId = '';
      let connections = 0;
      for (let isOver = false; !isOver; connections += 1) {
        const [url, init] = id === undefined ? begin(script([{ t: 'text', n: 60, ms: 15 }])) : again(taskId, { 'last-event-id': id });
        let heard = 0;
        for await (const event of readEvents(url, init)) {
          const item = itemIn(event);
          items.push(item);
          id = event.id;
          if (item.payload?.$case === 'task') taskId = item.payload.value.id;
          isOver = item.payload?.$case === 'statusUpdate' && item.payload.value.status?.state === COMPLETED;
          if (++heard === 7 && !isOver) break;
        }
      }

      expect(connections).toBeGreaterThan(3);
      expect(items.filter(({ payload }) => payload?.$case === 'task')).toHaveLength(1);
      expect(statesIn(items).filter((state) => state === COMPLETED)).toHaveLength(1);
      expect(toldText(items)).toBe(words(60));
      expect(items.filter(({ payload }) => payload?.$case === 'artifactUpdate' && !payload.value.append)).toHaveLength(1);
    });

    it.each(['00000000.3', 'x', '', '-1', '99999999999999999999'])('gets the task as it is when its id is not known: %j', async (id) => {
      const { id: taskId } = asTask(
        await clientOf('HTTP+JSON', '1.0').sendMessage(sending(script([{ t: 'text', n: 20, ms: 20 }]), { returnImmediately: true })),
      );
      const items: StreamResponse[] = [];
      for await (const event of readEvents(...overRest.again(taskId, { 'last-event-id': id }))) items.push(overRest.itemIn(event));

      expect(items[0]?.payload?.$case).toBe('task');
      expect(toldText(items)).toBe(words(20));
    });
  });

  it('every subscriber of a task that is canceled hears so once, and nothing stays behind', async () => {
    const random = new Random();
    const hub = test.gateway.app.get(EventHub);
    const sessions: string[] = [];
    const wrong: string[] = [];

    const race = async (): Promise<void> => {
      const [binding, version] = random.pick(WAYS);
      const client = clientOf(binding, version);
      const { id } = asTask(await client.sendMessage(sending(script([{ t: 'text', n: 500, ms: 10 }]), { returnImmediately: true })));
      sessions.push(id.split('.')[0] ?? '');
      const follow = async (delayMs: number): Promise<void> => {
        await pause(delayMs);
        const [reader, spoken] = random.pick(WAYS);
        try {
          const states = statesIn(await collectItems(clientOf(reader, spoken).resubscribeTask({ tenant: '', id })));
          const ends = states.filter((state) => state >= COMPLETED && state !== TaskState.TASK_STATE_INPUT_REQUIRED);
          if (ends.join() !== String(CANCELED) || states.at(-1) !== CANCELED) wrong.push(`${reader} ${spoken}: ${states.join()}`);
        } catch (error) {
          // In 1.0 nothing is told of a task that ended before the subscriber came.
          if (!/has ended/.test(String(error))) throw error;
        }
      };
      const leave = async (): Promise<void> => {
        const left = new AbortController();
        setTimeout(() => left.abort(), random.below(60));
        await collectItems(clientOf(binding, version).resubscribeTask({ tenant: '', id }, { signal: left.signal })).catch(() => undefined);
      };
      const readers = [follow(0), follow(random.below(80)), follow(random.below(80)), leave(), leave()];
      await pause(random.below(80));
      const canceled = await Promise.all([1, 2].map(() => client.cancelTask({ tenant: '', id, metadata: undefined })));
      await Promise.all(readers);
      if (canceled.some(({ status }) => status?.state !== CANCELED)) wrong.push(`${binding} ${version}: not canceled`);
    };
    const lane = async (races: number): Promise<void> => {
      for (let nth = 0; nth < races; nth += 1) await race();
    };
    await Promise.all(Array.from({ length: 10 }, () => lane(10)));

    expect({ seed: random.seed, wrong }).toEqual({ seed: random.seed, wrong: [] });
    expect(sessions).toHaveLength(100);
    await eventually(async () => ((await streamMetrics())['open'] ?? 0) === 0);
    await eventually(() => sessions.every((sessionId) => hub.followerCount(sessionId) === 0));
    await eventually(() => test.model.openStreams === 0);
  }, 120_000);

  it('a slow reader gets the whole text in few pieces, and costs nothing meanwhile', async () => {
    const items: StreamResponse[] = [];
    const held: number[] = [];
    const text = script([{ t: 'text', bytes: 800_000, chunk: 200, ms: 1 }]);
    for await (const item of clientOf('GRPC', '1.0').sendMessageStream(sending(text))) {
      items.push(item);
      const { payload } = item;
      if (payload?.$case !== 'task') continue;
      const { id } = payload.value;
      // Nothing is read until all was said.
      await eventually(async () => {
        held.push((await streamMetrics())['queued_bytes'] ?? 0);
        return (await clientOf('JSONRPC', '1.0').getTask({ tenant: '', id })).status?.state === COMPLETED;
      });
    }

    expect(toldText(items)).toBe(filling(800_000, 200));
    expect(statesIn(items).at(-1)).toBe(COMPLETED);
    // 4,000 were said.
    expect(items.length).toBeLessThan(1_500);
    expect(Math.max(...held)).toBeLessThanOrEqual(QUEUE_BYTES);
  });

  it('a reader that was too slow for what is kept is shown the whole task once more', async () => {
    const items: StreamResponse[] = [];
    const init = post({
      message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: script([{ t: 'text', bytes: 12_000_000, chunk: 20_000, ms: 2 }]) }] },
    });
    for await (const { json } of readEvents(`${test.httpUrl}/message:stream`, init)) {
      const item = StreamResponse.fromJSON(json);
      items.push(item);
      const { payload } = item;
      if (payload?.$case !== 'task' || items.length > 1) continue;
      const { id } = payload.value;
      await eventually(async () => {
        await pause(200);
        return (await clientOf('JSONRPC', '1.0').getTask({ tenant: '', id, historyLength: 0 })).status?.state === COMPLETED;
      });
    }

    expect(toldText(items) === filling(12_000_000, 20_000)).toBe(true);
    expect(items.filter(({ payload }) => payload?.$case === 'task').length).toBeGreaterThan(1);
    expect(statesIn(items).at(-1)).toBe(COMPLETED);
  });
});
