import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as endOfTurn, setTimeout as pause } from 'node:timers/promises';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { TurnRegistry } from '../../src/modules/message/turn.registry.js';
import { collect, Conversation, readUntil, textPart } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { startReplica } from '../support/remote-gateway.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const UNAVAILABLE = 14;
const DRAIN_DELAY_MS = 200;

/** Keeps the whole process busy. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('a gateway that stops', () => {
  let test: TestGateway;

  beforeEach(async () => {
    test = await startTestGateway();
  });

  afterEach(() => test.stop());

  it('ends open streams on both doors with UNAVAILABLE', async () => {
    const overGrpc = await Conversation.begin(test.grpc);
    const overRest = Conversation.at(test.rest, overGrpc.sessionId);
    const turn = overGrpc.stream([{ t: 'endless', ms: 5 }]);
    await readUntil(turn, ({ event }) => event.case === 'messagePartUpdated');
    const open = [turn, overGrpc.watch(), overRest.watch()];
    await Promise.all([readUntil(open[1] ?? turn, () => true), readUntil(open[2] ?? turn, () => true)]);
    const ends = open.map((stream) => expect(collect(stream)).rejects.toMatchObject({ code: UNAVAILABLE, reason: 'SHUTTING_DOWN' }));

    await test.gateway.stop();

    await Promise.all(ends);
  });

  it('lets a call in flight finish', async () => {
    const { sessionId } = await Conversation.begin(test.grpc);
    const request = { sessionId, parts: [textPart(script([{ t: 'text', n: 20, ms: 20 }]))] };
    const watcher = Conversation.at(test.grpc, sessionId).watch();
    const answer = test.rest.call(MessageService.method.runMessage, request);
    await readUntil(watcher, ({ event }) => event.case === 'messagePartUpdated');

    await test.gateway.stop();

    expect((await answer).finish).toBe('stop');
  });

  it('answers what had arrived over a connection that rested, however busy it is when it closes those', async () => {
    const { gateway, httpUrl } = await startReplica(test, { DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) });
    const { hostname, port, host } = new URL(httpUrl);
    const request = `GET /sessions HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
    const socket = connect(Number(port), hostname);
    socket.write(request);
    await once(socket, 'readable');
    const answers = text(socket);

    const stopping = gateway.stop();
    await pause(DRAIN_DELAY_MS / 2);
    // From here the event loop goes to the timer that ends the delay, and only then to the socket.
    await endOfTurn();
    socket.write(request);
    block(DRAIN_DELAY_MS);

    expect((await answers).match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    await stopping;
  });

  it('aborts a turn that its OpenCode would take down with it, as the record says, and interrupts those behind it', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const stream = conversation.stream([{ t: 'endless', ms: 5 }]);
    await readUntil(
      stream,
      ({ event }) => event.case === 'messagePartUpdated' && event.value.part.case === 'text' && event.value.part.value.text.includes('e'),
    );
    const waiting = Conversation.at(test.rest, conversation.sessionId).run([{ t: 'text', value: 'never' }]);
    const refused = expect(waiting).rejects.toMatchObject({
      code: UNAVAILABLE,
      reason: 'TURN_INTERRUPTED',
      metadata: { errorName: 'GatewayStopped' },
    });
    const turns = test.gateway.app.get(TurnRegistry);
    await eventually(() => turns.ofSession(conversation.sessionId).length === 2);

    await test.gateway.stop();
    await refused;
    await test.restart();

    const again = Conversation.at(test.rest, conversation.sessionId);
    expect((await again.history()).at(-1)).toMatchObject({ finish: 'error', errorName: 'MessageAbortedError' });
    expect((await again.run([{ t: 'text', value: 'alive' }])).textParts).toEqual(['alive']);
  });
});
