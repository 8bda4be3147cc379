import { EventService, TextMode, type GlobalEvent, type MessagePartUpdated } from '../../src/common/grpc/generated/event_pb.js';
import { EventHub } from '../../src/modules/event/event.hub.js';
import { bodiesOf, Conversation, isFinal, readUntil } from '../support/conversation.js';
import { CountingProxy } from '../support/counting-proxy.js';
import { eventually } from '../support/eventually.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { RestDoor } from '../support/rest.door.js';
import type { Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** Of the server, less a millisecond by which a timer may be early. */
const GROWTH_INTERVAL_MS = 49;

/** Text in many deltas: ASCII, two to four bytes a character, and a pair of surrogates that comes in halves. */
const SPOKEN: readonly Operation[] = [
  { t: 'reasoning', n: 100, ms: 2 },
  { t: 'text', value: 'aü€😀'.repeat(100), chunk: 1, ms: 2 },
  { t: 'text', value: '\ud83d' },
  { t: 'text', value: '\ude00' },
  { t: 'text', value: ' and more'.repeat(20), chunk: 2, ms: 2 },
];

function textOf({ part }: MessagePartUpdated): string | undefined {
  return part.case === 'text' || part.case === 'reasoning' ? part.value.text : undefined;
}

/** The answer's reasoning and text as the history has them, by the id of their part. */
async function answerOf(conversation: Conversation): Promise<Map<string, string>> {
  const parts = (await conversation.history()).at(-1)?.parts ?? [];
  return new Map(parts.map((part) => [part.partId, textOf(part) ?? '']));
}

describe('growing text', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  async function untilFollowed({ sessionId }: Conversation): Promise<void> {
    await eventually(() => test.gateway.app.get(EventHub).followerCount(sessionId) > 0);
  }

  describe.each(['grpc', 'rest'] as const)('over %s', (name) => {
    let conversation: Conversation;

    beforeEach(async () => {
      conversation = await Conversation.begin(test[name]);
    });

    function follow(textMode: TextMode, door: GrpcDoor | RestDoor = test[name]): Promise<GlobalEvent[]> {
      const { sessionId } = conversation;
      return readUntil(door.stream(EventService.method.subscribeSessionEvents, { sessionId, textMode }), isFinal);
    }

    it('comes as deltas that have no gap between them and make the whole', async () => {
      const following = follow(TextMode.DELTA);
      await untilFollowed(conversation);
      await conversation.run(SPOKEN);

      const grown = new Map<string, string>();
      const deltas = bodiesOf(await following, 'messagePartUpdated').filter(({ delta }) => delta !== undefined);
      for (const { partId, delta = '', offset } of deltas) {
        const before = grown.get(partId) ?? '';
        expect(offset).toBe(BigInt(Buffer.byteLength(before)));
        grown.set(partId, before + delta);
      }

      expect(grown).toEqual(await answerOf(conversation));
      expect([...grown.values()].join()).toContain('😀 and more');
      expect(deltas.length).toBeGreaterThan(500);
    });

    it('comes whole, each time more, at most 20 times a second and part, and at last as it is', async () => {
      const following = follow(TextMode.ACCUMULATED);
      await untilFollowed(conversation);
      const startedAtMs = performance.now();
      await conversation.run(SPOKEN);
      const events = await following;
      const spanMs = performance.now() - startedAtMs;

      const answer = await answerOf(conversation);
      for (const [partId, whole] of answer) {
        const ofPart = events.filter(({ event }) => event.case === 'messagePartUpdated' && event.value.partId === partId);
        const texts = bodiesOf(ofPart, 'messagePartUpdated').map((part) => textOf(part) ?? '');
        const growths = ofPart.filter(({ sequence }) => sequence === undefined);
        expect(texts.every((text, index) => whole.startsWith(text) && text.length >= (texts[index - 1] ?? '').length)).toBe(true);
        expect(texts.at(-1)).toBe(whole);
        expect(growths.length).toBeGreaterThan(1);
        expect(growths.length).toBeLessThanOrEqual(spanMs / GROWTH_INTERVAL_MS + 1);
      }
      expect(answer.size).toBe(2);
    });

    it('costs at most ten times its size in deltas of 20 bytes', async () => {
      const port = Number((name === 'grpc' ? test.grpcAddress : test.httpUrl).split(':').at(-1));
      const proxy = await CountingProxy.before(port);
      const door = name === 'grpc' ? new GrpcDoor(proxy.address) : new RestDoor(`http://${proxy.address}`);
      const following = follow(TextMode.DELTA, door);
      await untilFollowed(conversation);

      await conversation.run([{ t: 'text', bytes: 100_000, chunk: 20 }]);

      const deltas = bodiesOf(await following, 'messagePartUpdated').filter(({ delta }) => delta !== undefined);
      expect(deltas.length).toBe(5_000);
      expect(proxy.receivedBytes).toBeLessThanOrEqual(1_000_000);
      door.close();
      await proxy.close();
    });
  });
});
