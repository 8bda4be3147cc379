import { setTimeout as pause } from 'node:timers/promises';
import type { GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { Conversation } from '../support/conversation.js';
import { GrpcDoor } from '../support/grpc.door.js';
import { OpencodeServer } from '../support/opencode-server.js';
import { GatewayHere } from './gateways.js';
import { isShown } from './invariants.js';
import { Reader, type ReaderPlan } from './reader.js';
import { Records } from './records.js';

const SWITCH_EVERY = 50;

describe('two gateways in front of one OpenCode', () => {
  let opencode: OpencodeServer;
  let first: GatewayHere;
  let second: GatewayHere;

  beforeAll(async () => {
    opencode = await OpencodeServer.start();
    [first, second] = await Promise.all([GatewayHere.start(opencode.url), GatewayHere.start(opencode.url)]);
  });

  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
    await opencode.stop();
  });

  it.each(['grpc', 'sse'] as const)(
    'give a client that switches between them every 50 events the history of one that stayed (%s)',
    async (door) => {
      const sender = new GrpcDoor(first.address().grpcAddress);
      const conversation = await Conversation.begin(sender);
      const { sessionId } = conversation;
      const plan: ReaderPlan = { door, deltas: false, durableOnly: true, habits: [] };
      const moves = Array.from({ length: 20 }, (_, index) => ({ kind: 'move' as const, after: (index + 1) * SWITCH_EVERY }));
      const gateways = [first, second].map((gateway) => () => gateway.address());
      const stays = new Reader('the one that stays', sessionId, plan, gateways.slice(0, 1));
      const switches = new Reader('the one that switches', sessionId, { ...plan, habits: moves }, gateways);
      const records = new Records(() => opencode.url);

      for (let turn = 0; turn < 16; turn += 1) {
        await conversation.run(
          [
            { t: 'reasoning', value: `${turn}: hm` },
            { t: 'tool', name: 'read', args: { filePath: 'README.md' } },
          ],
          [{ t: 'text', n: 5 }],
        );
      }
      const told = async (): Promise<[number, string][]> =>
        (await records.history(sessionId)).filter(isShown).map(({ seq, id }) => [seq, id]);
      let history = await told();
      for (
        let tries = 0;
        tries < 200 && [stays, switches].some(({ position }) => position.sequence < (history.at(-1)?.[0] ?? 0));
        tries += 1
      ) {
        await pause(50);
        history = await told();
      }
      await Promise.all([stays.leave(), switches.leave()]);
      sender.close();

      expect(history.length).toBeGreaterThan(200);
      expect(positionsOf(stays.events)).toEqual(history);
      expect(positionsOf(switches.events)).toEqual(history);
      expect(switches.timesOpened).toBeGreaterThanOrEqual(4);
      expect(switches.events.filter(({ event }) => event.case === 'resync')).toEqual([]);
    },
  );
});

function positionsOf(events: readonly GlobalEvent[]): [number, string][] {
  return events.flatMap(({ sequence, eventId }) => (sequence === undefined ? [] : [[Number(sequence), eventId] as [number, string]]));
}
