import type { GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { bodiesOf, collect, Conversation } from '../support/conversation.js';
import { doorOf, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SESSIONS = 8;
const TURNS_EACH = 6;

/** Texts that had been told when their message was told to be finished, or complete. */
function textsAtTheEnd(events: readonly GlobalEvent[]): string[][] {
  return events.flatMap(({ event }, at) => {
    if (event.case !== 'messageUpdated' || event.value.role !== 'assistant') return [];
    const { messageId, finish, completedAt } = event.value;
    if (finish === undefined && completedAt === undefined) return [];
    const parts = bodiesOf(events.slice(0, at), 'messagePartUpdated').filter((part) => part.messageId === messageId);
    return [parts.flatMap(({ part }) => (part.case === 'text' && part.value.text !== '' ? [part.value.text] : []))];
  });
}

describe('the order of events', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  it.each(['grpc', 'rest'] as const)('over %s: a message is told to be finished behind all that it holds', async (name) => {
    const talk = async (): Promise<GlobalEvent[][]> => {
      const conversation = await Conversation.begin(doorOf(test, name));
      const turns: GlobalEvent[][] = [];
      for (let turn = 0; turn < TURNS_EACH; turn++) turns.push(await collect(conversation.stream([{ t: 'text', value: 'whole' }])));
      return turns;
    };

    const turns = (await Promise.all(Array.from({ length: SESSIONS }, talk))).flat();

    const texts = turns.flatMap(textsAtTheEnd);
    expect(texts.length).toBeGreaterThanOrEqual(SESSIONS * TURNS_EACH);
    expect(texts.filter((told) => told.at(-1) !== 'whole')).toEqual([]);
  });
});
