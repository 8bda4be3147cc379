import { EventService, TextMode, TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { bodiesOf, collect, Conversation, finalStates, isFinal, readUntil, textPart } from '../support/conversation.js';
import type { Door } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const bash: Operation = { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'test' } };

describe('event streams', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  function followersOf(sessionId: string): number {
    return test.gateway.app.get(EventHub).followerCount(sessionId);
  }

  describe.each(['gRPC', 'REST'])('over %s', (name) => {
    let door: Door;
    let conversation: Conversation;

    beforeEach(async () => {
      door = name === 'gRPC' ? test.grpc : test.rest;
      conversation = await Conversation.begin(door);
    });

    it('tell a late reader the text so far, what runs and what is asked', async () => {
      const sent = collect(conversation.stream([{ t: 'text', n: 10, ms: 5 }, bash], [{ t: 'text', value: 'end' }]));
      await readUntil(conversation.watch(), ({ event }) => event.case === 'permissionCreated');

      const late = await readUntil(conversation.watch(), ({ event }) => event.case === 'permissionCreated');

      expect(late.map(({ event }) => event.case)).toEqual(expect.arrayContaining(['sessionStatus', 'turnUpdated', 'permissionCreated']));
      await conversation.abort();
      await sent;
    });

    it('resume behind a position without gap or duplicate', async () => {
      const whole = conversation.watch({ afterSequence: 0n });
      await conversation.run([{ t: 'text', n: 5 }]);
      const first = await readUntil(conversation.watch({ afterSequence: 0n }), ({ sequence }) => (sequence ?? 0n) >= 5n);
      const position = first.at(-1)?.sequence ?? 0n;

      await conversation.run([{ t: 'text', n: 5 }]);
      await conversation.door.call(SessionService.method.updateSession, { sessionId: conversation.sessionId, title: 'last' });
      const rest = await readUntil(conversation.watch({ afterSequence: position }), isTitled('last'));

      const all = await readUntil(whole, isTitled('last'));
      expect(sequencesOf([...first, ...rest])).toEqual(sequencesOf(all));
      expect(bodiesOf([...first, ...rest], 'resync')).toEqual([]);
    });

    it('say resync when the position is not kept', async () => {
      const [first] = await readUntil(conversation.watch({ afterSequence: 4_000n }), () => true);

      expect(first?.event.case).toBe('resync');
    });

    it('give every delta with its place to a reader that asks for deltas', async () => {
      const request = { sessionId: conversation.sessionId, textMode: TextMode.DELTA };
      const deltas = readUntil(door.stream(EventService.method.subscribeSessionEvents, request), isFinal);
      await eventually(() => followersOf(conversation.sessionId) > 0);
      await conversation.run([{ t: 'text', bytes: 20_000, chunk: 100 }]);

      const grown = bodiesOf(await deltas, 'messagePartUpdated').filter(({ delta }) => delta !== undefined);
      let offset = 0n;
      for (const { delta = '', offset: at } of grown) {
        expect(at).toBe(offset);
        offset += BigInt(Buffer.byteLength(delta));
      }
      expect(offset).toBe(20_000n);
    });

    it('let go of a reader that leaves', async () => {
      const stream = conversation.watch();
      const ended = collect(stream).catch(() => undefined);
      await eventually(() => followersOf(conversation.sessionId) === 1);

      stream.cancel();

      await eventually(() => followersOf(conversation.sessionId) === 0);
      await ended;
    });

    it('do not end the turn of a caller that leaves', async () => {
      const stream = conversation.stream([{ t: 'text', n: 40, ms: 10 }]);
      await readUntil(stream, ({ event }) => event.case === 'messagePartUpdated');
      const follower = conversation.watch();

      stream.cancel();

      expect(finalStates(await readUntil(follower, isFinal))).toEqual([TurnState.COMPLETED]);
    });
  });

  it('carry the session of each event to those who follow all sessions', async () => {
    const all = test.rest.stream(EventService.method.subscribeGlobalEvents, {});
    const seen = readUntil(all, isFinal);
    const conversation = await Conversation.begin(test.grpc);

    await conversation.run([{ t: 'text', n: 3 }]);

    const events = await seen;
    const own = events.filter(({ sessionId }) => sessionId === conversation.sessionId);
    expect(own[0]?.event.case).toBe('sessionUpdated');
    expect(finalStates(own)).toEqual([TurnState.COMPLETED]);
  });

  it('answer on one connection while readers on it are many', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const streams = Array.from({ length: 50 }, () => conversation.watch());
    const ends = streams.map((stream) => readUntil(stream, isFinal));
    await eventually(() => followersOf(conversation.sessionId) === 50);

    await conversation.run([{ t: 'text', n: 5, ms: 5 }]);

    for (const events of await Promise.all(ends)) expect(finalStates(events)).toEqual([TurnState.COMPLETED]);
  });

  it('come as JSON lines to who does not ask for an event stream', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);

    const response = await fetch(`${test.httpUrl}/sessions/${sessionId}/messages/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ parts: [{ text: { text: script([{ t: 'text', n: 2 }]) } }] }),
    });

    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { result?: { turnUpdated?: { state: string } } });
    expect(lines.every(({ result }) => result !== undefined)).toBe(true);
    expect(lines.at(-1)?.result?.turnUpdated?.state).toBe('TURN_STATE_COMPLETED');
  });

  it('number the events that an event source can resume from, and take its last id back', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const { sessionId } = conversation;
    const leave = new AbortController();
    const response = await fetch(`${test.httpUrl}/sessions/${sessionId}/events`, {
      headers: { accept: 'text/event-stream', 'last-event-id': '0' },
      signal: leave.signal,
    });
    const sending = test.rest.call(MessageService.method.runMessage, { sessionId, parts: [textPart(script([{ t: 'text', n: 2 }]))] });

    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.includes('TURN_STATE_COMPLETED')) break;
    }

    leave.abort();
    await sending;
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    expect(text.startsWith('retry: ')).toBe(true);
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids.length).toBeGreaterThan(5);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  });
});

function sequencesOf(events: readonly GlobalEvent[]): bigint[] {
  return events.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
}

function isTitled(title: string): (event: GlobalEvent) => boolean {
  return ({ event }) => event.case === 'sessionUpdated' && event.value.session?.title === title;
}
