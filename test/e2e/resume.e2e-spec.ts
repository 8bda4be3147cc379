import { EventService, TextMode, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { OpencodeLifecycle } from '../../src/common/opencode/opencode.module.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { bodiesOf, Conversation, readUntil } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { startReplica } from '../support/remote-gateway.js';
import type { Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const subAgent: Operation = {
  t: 'tool',
  name: 'task',
  args: { description: 'sub', prompt: 'SCRIPT:[[{"t":"text","n":3}]]', subagent_type: 'general' },
};

/** `session:sequence` of the durable events. */
function positionsOf(events: readonly GlobalEvent[]): string[] {
  return events.flatMap(({ sessionId, sequence }) => (sequence === undefined ? [] : [`${sessionId}:${sequence}`]));
}

function isTitled(title: string) {
  return ({ event }: GlobalEvent): boolean => event.case === 'sessionUpdated' && event.value.session?.title === title;
}

describe('resuming', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { REPLAY_EVENTS: '8' } });
  });

  afterAll(() => test.stop());

  /** From the beginning, or behind an event of the session's own. */
  function follow(door: Door, sessionId: string, last?: GlobalEvent) {
    return door.stream(EventService.method.subscribeSessionEvents, {
      sessionId,
      textMode: TextMode.DELTA,
      afterSequence: last?.sequence ?? 0n,
    });
  }

  /** All of a titled session. While OpenCode's history is too dear to read, as just after a start under load, a resync is a right answer too. */
  async function fromHistory(door: Door, sessionId: string): Promise<GlobalEvent[]> {
    const deadlineMs = Date.now() + 20_000;
    for (;;) {
      const events = await readUntil(follow(door, sessionId), isTitled('end'));
      if (bodiesOf(events, 'resync').length === 0 || Date.now() > deadlineMs) return events;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async function title(conversation: Conversation, name: string): Promise<void> {
    await conversation.door.call(SessionService.method.updateSession, { sessionId: conversation.sessionId, title: name });
  }

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    it('gives what is no longer kept in memory, from the session itself and its sub-agents, once and in order', async () => {
      const conversation = await Conversation.begin(test[name]);
      const whole = follow(test[name], conversation.sessionId);
      await conversation.run([subAgent], [{ t: 'text', n: 3 }]);
      await title(conversation, 'end');
      const all = await readUntil(whole, isTitled('end'));

      const again = await readUntil(follow(test[name], conversation.sessionId), isTitled('end'));

      expect(new Set(all.map(({ sessionId }) => sessionId)).size).toBe(2);
      expect(positionsOf(again)).toEqual(positionsOf(all));
      expect(bodiesOf(again, 'resync')).toEqual([]);
    });

    it('goes on behind every event, wherever the reader left', async () => {
      const conversation = await Conversation.begin(test[name]);
      await conversation.run([subAgent], [{ t: 'text', n: 3 }]);
      await title(conversation, 'end');
      const all = (await readUntil(follow(test[name], conversation.sessionId), isTitled('end'))).filter(
        ({ sequence }) => sequence !== undefined,
      );

      let rootSequence = 0n;
      for (const [index, last] of all.entries()) {
        if (last.sessionId === conversation.sessionId) rootSequence = last.sequence ?? 0n;
        if (index % 4 !== 0 || index === all.length - 1) continue;
        const position = { sessionId: conversation.sessionId, afterSequence: rootSequence, afterEventId: last.eventId };
        const rest = await readUntil(test[name].stream(EventService.method.subscribeSessionEvents, position), isTitled('end'));
        expect(positionsOf(rest)).toEqual(positionsOf(all.slice(index + 1)));
      }
    });

    it('goes on at another replica', async () => {
      const replica = await startReplica(test);
      const conversation = await Conversation.begin(test[name]);
      await conversation.run([{ t: 'text', n: 3 }]);
      const first = await readUntil(follow(test[name], conversation.sessionId), ({ sequence }) => (sequence ?? 0n) >= 6n);

      await title(conversation, 'end');
      const rest = await readUntil(follow(replica[name], conversation.sessionId, first.at(-1)), isTitled('end'));
      const all = await readUntil(follow(replica[name], conversation.sessionId), isTitled('end'));

      expect(positionsOf([...first, ...rest])).toEqual(positionsOf(all));
      expect(bodiesOf(rest, 'resync')).toEqual([]);
      await replica.stop();
    });
  });

  it('goes on after the gateway and its OpenCode were restarted', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);
    await Conversation.at(test.grpc, sessionId).run([{ t: 'text', n: 3 }]);
    const first = await readUntil(follow(test.grpc, sessionId), ({ sequence }) => (sequence ?? 0n) >= 6n);

    await test.restart();
    await title(Conversation.at(test.grpc, sessionId), 'end');
    const rest = await readUntil(follow(test.grpc, sessionId, first.at(-1)), isTitled('end'));
    const all = await readUntil(follow(test.rest, sessionId), isTitled('end'));

    expect(positionsOf([...first, ...rest])).toEqual(positionsOf(all));
    expect(bodiesOf([...rest, ...all], 'resync')).toEqual([]);
  });

  it('is not needed when OpenCode is killed: who follows misses nothing', async () => {
    const conversation = await Conversation.begin(test.grpc);
    await conversation.run([{ t: 'text', n: 3 }]);
    const following = readUntil(follow(test.grpc, conversation.sessionId), isTitled('end'));
    const { supervisor } = test.gateway.app.get(OpencodeLifecycle);
    await eventually(() => test.gateway.app.get(EventHub).followerCount(conversation.sessionId) === 1);

    process.kill(supervisor?.pid ?? 0, 'SIGKILL');
    await retry(() => conversation.run([{ t: 'text', n: 3 }]));
    await title(conversation, 'end');

    const all = await fromHistory(test.rest, conversation.sessionId);
    const seen = await following;
    expect(positionsOf(seen)).toEqual(positionsOf(all));
    expect(bodiesOf(seen, 'resync')).toEqual([]);
  });

  it('goes on among all events behind one of them, over SSE', async () => {
    const conversation = await Conversation.begin(test.rest);
    const events = await openEvents({});
    await title(conversation, 'first');
    const id = await events.until('first');
    await title(conversation, 'second');
    await title(conversation, 'third');

    const resumed = await openEvents({ 'last-event-id': id });
    await resumed.until('third');

    expect(resumed.text).toContain('second');
    expect(resumed.text).not.toContain('"first"');
    const lost = await openEvents({ 'last-event-id': 'evt_unknown' });
    await lost.until('resync');
    for (const stream of [events, resumed, lost]) stream.close();
  });

  async function openEvents(headers: Record<string, string>) {
    const leave = new AbortController();
    const response = await fetch(`${test.httpUrl}/events`, { headers: { accept: 'text/event-stream', ...headers }, signal: leave.signal });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const stream = {
      text: '',
      close: () => leave.abort(),
      /** Reads on until the text was seen; gives the last id before it was whole. */
      async until(text: string): Promise<string> {
        while (!stream.text.includes(text)) stream.text += (await reader?.read())?.value ?? '';
        return [...stream.text.matchAll(/^id: (\S+)$/gm)].at(-1)?.[1] ?? '';
      },
    };
    return stream;
  }
});

async function eventually(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** While OpenCode is away the gateway refuses, and says to come back. */
async function retry<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
