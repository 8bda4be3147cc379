import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import { create, toBinary } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { RenewedMap } from '../../src/common/collections/renewed-map.js';
import type { GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { TurnState } from '../../src/common/grpc/generated/event_pb.js';
import { Conversation, isFinal, readUntil } from '../support/conversation.js';
import { CallError } from '../support/door.js';
import { eventually } from '../support/eventually.js';
import type { Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const UNAVAILABLE = 14;
const bash: Operation = { t: 'tool', name: 'bash', args: { command: 'echo hello', description: 'test' } };
const slowly: Operation = { t: 'text', n: 60, ms: 20 };

function positionsOf(events: readonly GlobalEvent[]): bigint[] {
  return events.flatMap(({ sequence }) => (sequence === undefined ? [] : [sequence]));
}

/** Follows until the turn has ended, over as many connections as it takes; gives all that was told, and how often it was cut. */
async function followOn(conversation: Conversation): Promise<{ events: GlobalEvent[]; cuts: CallError[] }> {
  const events: GlobalEvent[] = [];
  const cuts: CallError[] = [];
  for (let afterSequence = 0n; ;) {
    try {
      for await (const event of conversation.watch({ afterSequence })) {
        events.push(event);
        afterSequence = event.sequence ?? afterSequence;
        if (isFinal(event)) return { events, cuts };
      }
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      cuts.push(error);
    }
  }
}

/** The bytes of a StringValue are those of any message whose first field is a text. */
function withText(value: string): Uint8Array {
  return toBinary(StringValueSchema, create(StringValueSchema, { value }));
}

/** Headers and trailers of the answer together. */
async function callRaw(session: ClientHttp2Session, path: string, message: Uint8Array): Promise<Record<string, unknown>> {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  const call = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
  const heard = {};
  call.on('response', (headers) => Object.assign(heard, headers)).on('trailers', (headers) => Object.assign(heard, headers));
  call.end(Buffer.concat([prefix, message]));
  call.resume();
  await once(call, 'close');
  return heard;
}

describe('gRPC connections', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({
      settings: { GRPC_MAX_CONNECTION_AGE_S: '1', GRPC_MAX_CONNECTION_AGE_GRACE_S: '0', GRPC_KEEPALIVE_S: '1' },
    });
  });

  afterAll(() => test.stop());

  it('hold their streams in tables that keep nothing of those that are gone', async () => {
    const hold = jest.spyOn(RenewedMap.prototype, 'set');

    await Conversation.begin(test.grpc);

    expect(hold).toHaveBeenCalledWith(expect.any(Number), expect.objectContaining({ sentHeaders: expect.anything() as unknown }));
    hold.mockRestore();
  });

  it('grow old without a gap or a duplicate for a reader that resumes', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const whole = readUntil(Conversation.at(test.rest, conversation.sessionId).watch({ afterSequence: 0n }), isFinal);
    const following = followOn(conversation);

    await Conversation.at(test.rest, conversation.sessionId).run([slowly, bash], [slowly, bash], [slowly, bash], [slowly]);

    const { events, cuts } = await following;
    expect(cuts.length).toBeGreaterThan(1);
    for (const cut of cuts) expect(cut).toMatchObject({ code: UNAVAILABLE, reason: 'CONNECTION_AGED' });
    expect(positionsOf(events)).toEqual(positionsOf(await whole));
  });

  it('grow old without a call in flight being cut', async () => {
    const conversation = await Conversation.begin(test.grpc);
    const cut = readUntil(conversation.watch(), () => false).catch((error: unknown) => error);

    const answer = await conversation.run([slowly, bash], [slowly], [slowly]);

    expect(await cut).toMatchObject({ reason: 'CONNECTION_AGED' });
    expect(answer).toMatchObject({ finish: 'stop', turnState: TurnState.COMPLETED });
  });
});

describe('a gRPC client that speaks HTTP/2 itself', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { GRPC_KEEPALIVE_S: '1' } });
  });

  afterAll(() => test.stop());

  it('is pinged', async () => {
    const session = connectHttp2(`http://${test.grpcAddress}`);
    let pings = 0;
    session.on('ping', () => (pings += 1));

    await eventually(() => pings > 1 || session.destroyed);

    expect(pings).toBe(2);
    session.destroy();
  });

  it.each(['without a call', 'during a call'])('is not sent away %s for pinging all the time', async (when) => {
    const session = connectHttp2(`http://${test.grpcAddress}`);
    const left = jest.fn();
    session.on('goaway', left).on('error', left);
    await once(session, 'connect');
    if (when === 'during a call') {
      const call = session.request({
        ':method': 'POST',
        ':path': '/opencode.event.EventService/SubscribeGlobalEvents',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      call.end(Buffer.alloc(5));
      await once(call, 'response');
    }

    for (let count = 0; count < 2_000; count += 1) await new Promise<void>((resolve) => session.ping(() => resolve()));

    expect(left).not.toHaveBeenCalled();
    expect(session.closed).toBe(false);
    session.destroy();
  });
});

/** A status repeats much of what it was asked: as headers without a bound it would break the connection, with all that is on it. */
describe('a long status', () => {
  const long = 'x"ü'.repeat(10_000);
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway();
  });

  afterAll(() => test.stop());

  /** Of a call that answers with one; another call on the same connection must be answered too. */
  async function statusOf(path: string, message: Uint8Array): Promise<Record<string, unknown>> {
    const session = connectHttp2(`http://${test.grpcAddress}`);
    const answer = await callRaw(session, path, message);
    const other = await callRaw(session, '/opencode.session.SessionService/ListSessionStatuses', Buffer.alloc(0));
    session.destroy();
    expect(other['grpc-status']).toBe('0');
    return answer;
  }

  it.each([
    ['of a library', '/a2a.v1.A2AService/GetTaskPushNotificationConfig', withText(long), 3],
    ['of grpc-js', `/${'"'.repeat(40_000)}`, Buffer.alloc(0), 12],
  ])('%s arrives in short', async (_, path, message, code) => {
    const answer = await statusOf(path, message);

    expect(JSON.stringify(answer).length).toBeLessThan(8_192);
    expect(answer).toMatchObject({ 'grpc-status': String(code), 'grpc-message': expect.stringMatching(/%E2%80%A6$/) as unknown });
  });
});

it('a call in flight finishes while the gateway stops, though pings fall due', async () => {
  const test = await startTestGateway({ settings: { GRPC_KEEPALIVE_S: '1' } });
  const conversation = await Conversation.begin(test.grpc);
  const watcher = Conversation.at(test.rest, conversation.sessionId).watch();
  const answer = conversation.run([slowly, bash], [slowly, bash], [slowly]);
  await readUntil(watcher, ({ event }) => event.case === 'messagePartUpdated');

  const stopped = test.gateway.stop();

  await expect(answer).resolves.toMatchObject({ finish: 'stop' });
  await stopped;
  await test.stop();
});
