import { EventService, TextMode, type GlobalEvent, type MessagePartUpdated } from '../../src/common/grpc/generated/event_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { bodiesOf, Conversation, isFinal, readUntil, textPart } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { openUnread } from '../support/pausable-reader.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const RESOURCE_EXHAUSTED = 8;
const QUEUE_BYTES = 1024 * 1024;
const PART_BYTES = 300_000;
/** A part's closing update is the largest message: its text and what goes around it. */
const LARGEST_BYTES = PART_BYTES + 1_000;
/** A stream's own buffer below the queue, in Node. */
const BUFFER_BYTES = 64 * 1024;

const bash: Operation = { t: 'tool', name: 'bash', args: { command: 'true', description: 'test' } };

/** A sub-agent that says parts of so many bytes, in deltas of so many. */
function agentSays(calls: number, bytes = PART_BYTES, chunk = 20_000): Operation {
  const call: Operation[] = [{ t: 'text', bytes, chunk }, bash];
  const prompt = script(...Array.from({ length: calls }, () => call), [{ t: 'text', value: 'sub end' }]);
  return { t: 'tool', name: 'task', args: { description: 'sub', subagent_type: 'general', prompt } };
}

function isTitled(title: string): (event: GlobalEvent) => boolean {
  return ({ event }) => event.case === 'sessionUpdated' && event.value.session?.title === title;
}

function textOf({ part }: MessagePartUpdated): string {
  return part.case === 'text' || part.case === 'reasoning' ? part.value.text : '';
}

describe('a slow reader', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { STREAM_QUEUE_BYTES: String(QUEUE_BYTES), STREAM_QUEUE_MESSAGES: '500' } });
  });

  afterAll(() => test.stop());

  /** What all streams hold, and what became of them, in the gateway's own words. */
  async function readMetrics(): Promise<Record<string, number>> {
    const text = await (await fetch(`${test.httpUrl}/metrics`)).text();
    const series = [...text.matchAll(/^opencode_gateway_stream_(\w+) (\d+)$/gm)];
    return Object.fromEntries(series.map(([, name = '', value]) => [name, Number(value)]));
  }

  /** How many readers were ended for being slow. */
  async function slowReaders(): Promise<number> {
    const text = await (await fetch(`${test.httpUrl}/metrics`)).text();
    return Number(/^opencode_gateway_streams_ended_total\{reason="slow_reader"\} (\d+)$/m.exec(text)?.[1]);
  }

  function followersOf({ sessionId }: Conversation): number {
    return test.gateway.app.get(EventHub).followerCount(sessionId);
  }

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    let conversation: Conversation;

    beforeEach(async () => {
      conversation = await Conversation.begin(test[name]);
    });

    it('is ended with a position in the session it follows, and has held no more than it may', async () => {
      const { sessionId } = conversation;
      const reader = await openUnread(test, name, sessionId, TextMode.DELTA);
      await eventually(() => followersOf(conversation) === 1);
      const endedBefore = await slowReaders();

      const running = conversation.door.call(MessageService.method.sendMessage, { sessionId, parts: [textPart(script([agentSays(20)]))] });
      const held: Record<string, number>[] = [];
      await eventually(async () => {
        held.push(await readMetrics());
        return (await slowReaders()) === endedBefore + 1;
      });
      reader.resume();
      const failure = await reader.ended;
      await running;
      await conversation.abort();

      const most = (series: string): number => Math.max(...held.map((each) => each[series] ?? 0));
      const positions = positionsIn(sessionId, reader.events);
      expect(failure).toMatchObject({ code: RESOURCE_EXHAUSTED, reason: 'SLOW_READER' });
      expect(failure?.metadata['lastSequence']).toMatch(/^\d+$/);
      // A client of grpc-js gets nothing of what it has not taken when the stream fails; others get all that was written.
      if (name === 'rest') expect(failure?.metadata['lastSequence']).toBe(String(positions.at(-1)));
      expect(most('queued_bytes')).toBeGreaterThan(0);
      expect(most('queued_bytes')).toBeLessThanOrEqual(QUEUE_BYTES + LARGEST_BYTES);
      expect(most('buffered_bytes')).toBeLessThanOrEqual(BUFFER_BYTES + LARGEST_BYTES);
    });

    it('gets of growing text what is newest, and the whole of each part in the end', async () => {
      const { conflated_messages_total: before = 0 } = await readMetrics();
      const reader = await openUnread(test, name, conversation.sessionId, TextMode.ACCUMULATED);
      await eventually(() => followersOf(conversation) === 1);

      await conversation.run([
        { t: 'reasoning', n: 50, ms: 5 },
        { t: 'text', bytes: 600_000, chunk: 3_000, ms: 20 },
      ]);
      const conflated = ((await readMetrics())['conflated_messages_total'] ?? 0) - before;
      reader.resume();
      await eventually(() => reader.events.some(isFinal));
      reader.leave();

      const told = new Map(bodiesOf(reader.events, 'messagePartUpdated').map((part) => [part.partId, textOf(part)]));
      const answer = (await conversation.history()).at(-1)?.parts ?? [];
      expect(answer.map(textOf).map(({ length }) => length)).toContain(600_000);
      expect(answer.filter((part) => told.get(part.partId) !== textOf(part))).toEqual([]);
      expect(conflated).toBeGreaterThan(0);
    });
  });

  it('loses nothing when it comes back to what it had, though sub-agents spoke last', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const { sessionId, door } = conversation;
    const request = { sessionId, durableOnly: true, afterSequence: 0n };
    const whole = readUntil(door.stream(EventService.method.subscribeSessionEvents, request), isTitled('last'));
    const reader = await openUnread(test, 'grpc', sessionId, TextMode.DELTA);
    await eventually(() => followersOf(conversation) === 2);

    const endedBefore = await slowReaders();
    const running = conversation.run([agentSays(1, 100_000, 20)], [{ t: 'text', value: 'end' }]);
    await eventually(async () => (await slowReaders()) === endedBefore + 1);
    reader.resume();
    const failure = await reader.ended;
    await running;
    await door.call(SessionService.method.updateSession, { sessionId, title: 'last' });

    const events = await whole;
    const received = positionsIn(sessionId, reader.events).at(-1) ?? 0n;
    const rest = await readUntil(conversation.watch({ afterSequence: received }), isTitled('last'));
    const spoken = events.findIndex(({ event }) => event.case === 'messagePartUpdated' && textOf(event.value).length === 100_000);
    expect(failure?.metadata['lastSequence']).toBe(String(positionsIn(sessionId, events.slice(0, spoken)).at(-1)));
    expect(bodiesOf(rest, 'resync')).toEqual([]);
    expect(positionsIn(sessionId, [...reader.events, ...rest])).toEqual(positionsIn(sessionId, events));
    expect(agentPositions(sessionId, [...reader.events, ...rest])).toEqual(agentPositions(sessionId, events));
  });
});

function positionsIn(sessionId: string, events: readonly GlobalEvent[]): bigint[] {
  return events.flatMap((event) => (event.sessionId === sessionId && event.sequence !== undefined ? [event.sequence] : []));
}

/** Positions of all sub-agents' events, each once: they may come again after a resume. */
function agentPositions(sessionId: string, events: readonly GlobalEvent[]): string[] {
  const theirs = events.filter((event) => event.sessionId !== sessionId && event.sequence !== undefined);
  return [...new Set(theirs.map((event) => `${event.sessionId}:${event.sequence}`))].sort();
}
