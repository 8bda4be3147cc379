import { EventService, TurnState, type GlobalEvent } from '../../src/common/grpc/generated/event_pb.js';
import { SessionService } from '../../src/common/grpc/generated/session_pb.js';
import { MessageService } from '../../src/common/grpc/generated/message_pb.js';
import { OpenCodeService } from '../../src/common/grpc/generated/v1/opencode_service_pb.js';
import { Conversation, readUntil } from '../support/conversation.js';
import type { Door, DoorStream } from '../support/door.js';
import { startWithPrincipals, type Principals } from '../support/principals.js';

const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;
const NAMES = ['gRPC', 'REST'] as const;

/** True once so many turns were told to wait. */
function turnsWait(count: number): (event: GlobalEvent) => boolean {
  const waiting = new Set<string>();
  return ({ event }) => {
    if (event.case === 'turnUpdated' && event.value.state === TurnState.QUEUED) waiting.add(event.value.turnId);
    return waiting.size === count;
  };
}

/** Resolves once the stream shows that it is open. */
async function opened(stream: DoorStream<GlobalEvent>): Promise<DoorStream<GlobalEvent>> {
  await stream[Symbol.asyncIterator]().next();
  return stream;
}

function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function list(door: Door): Promise<unknown> {
  return door.call(SessionService.method.searchSessions, {});
}

describe('calls a minute', () => {
  let gateway: Principals;
  const LIMIT = 10;

  beforeAll(async () => {
    gateway = await startWithPrincipals(['grpc', 'rest', 'both', 'other', 'told', 'aborts'], { RATE_LIMIT_PER_MINUTE: String(LIMIT) });
  });

  afterAll(() => gateway.stop());

  const limited = { code: RESOURCE_EXHAUSTED, reason: 'RATE_LIMITED', metadata: { limit: String(LIMIT) } };

  /** How many calls were answered until one was refused. */
  async function callUntilRefused(doors: readonly Door[]): Promise<{ answered: number; refusal: unknown }> {
    for (let answered = 0; answered < 10 * LIMIT; answered += 1) {
      const refusal = await failureOf(list(doors[answered % doors.length] as Door));
      if (refusal !== undefined) return { answered, refusal };
    }
    return { answered: Infinity, refusal: undefined };
  }

  it.each([
    ['grpc', ['gRPC']],
    ['rest', ['REST']],
    ['both', NAMES],
  ] as const)('are so many for a principal over its doors together (%s)', async (principal, names) => {
    const doors = names.map((name) => gateway.doorOf(name, principal));

    const { answered, refusal } = await callUntilRefused(doors);

    // One more where the machine took six seconds for them.
    expect(answered).toBeGreaterThanOrEqual(LIMIT);
    expect(answered).toBeLessThan(2 * LIMIT);
    expect(refusal).toMatchObject(limited);
    await expect(list(gateway.doorOf('gRPC', 'other'))).resolves.toBeDefined();
  });

  it('are refused with a time to come back, streams too', async () => {
    await callUntilRefused([gateway.doorOf('REST', 'told')]);

    const response = await gateway.fetchAs('told', '/sessions');
    const stream = gateway.doorOf('gRPC', 'told').stream(EventService.method.subscribeGlobalEvents, {});

    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(await response.json())).toContain('google.rpc.RetryInfo');
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(limited);
  });

  it.each(NAMES)('do not count for health and abort (%s)', async (name) => {
    const door = gateway.doorOf(name, 'aborts');
    await callUntilRefused([door]);

    for (let count = 0; count < 2 * LIMIT; count += 1) {
      await door.call(OpenCodeService.method.health, {});
      await expect(door.call(MessageService.method.abortSession, { sessionId: 'ses_none' })).rejects.toMatchObject({ code: NOT_FOUND });
      await expect(door.call(OpenCodeService.method.cancelAgent, {})).resolves.toBeDefined();
    }
  });
});

describe('calls without valid credentials', () => {
  let gateway: Principals;

  beforeAll(async () => {
    gateway = await startWithPrincipals(['known', 'new'], { ACCESS_FAILURES_PER_MINUTE: '5' });
  });

  afterAll(() => gateway.stop());

  it('are not looked at after too many, whatever they show, and cost nobody their access who had it', async () => {
    const known = NAMES.map((name) => gateway.doorOf(name, 'known'));
    const codes: number[] = [];
    for (const door of known) await list(door);

    for (let count = 0; count < 20; count += 1) {
      const failure = await failureOf(list(gateway.doorOf(NAMES[count % 2] ?? 'gRPC', `guess-${count}`)));
      codes.push((failure as { code: number }).code);
    }

    expect(codes.filter((code) => code === UNAUTHENTICATED).length).toBeGreaterThanOrEqual(5);
    expect(codes.at(-1)).toBe(RESOURCE_EXHAUSTED);
    for (const name of NAMES) {
      await expect(list(gateway.doorOf(name, 'new'))).rejects.toMatchObject({
        code: RESOURCE_EXHAUSTED,
        reason: 'TOO_MANY_FAILURES',
      });
      await expect(list(gateway.doorOf(name, 'known'))).resolves.toBeDefined();
    }
  });
});

describe('calls in flight', () => {
  let gateway: Principals;

  beforeAll(async () => {
    gateway = await startWithPrincipals(['one', 'two'], { MAX_CALLS_IN_FLIGHT: '2' });
  });

  afterAll(() => gateway.stop());

  it.each(NAMES)('are refused beyond their number, but for health and abort (%s)', async (name) => {
    const door = gateway.doorOf(name, 'one');
    const conversation = await Conversation.begin(door);
    // A stream that is open is not in flight.
    const streams = [
      await opened(conversation.watch({ afterSequence: 0n })),
      await opened(conversation.watch({ afterSequence: 0n })),
      await opened(conversation.stream([{ t: 'endless' }])),
    ] as const;
    const [follower] = streams;
    const ended = Promise.allSettled([conversation.run([]), conversation.run([])]);
    await readUntil(follower, turnsWait(2));

    const refusals = await Promise.all(NAMES.map((other) => failureOf(list(gateway.doorOf(other, 'two')))));
    const response = await gateway.fetchAs('two', '/sessions');
    await expect(door.call(OpenCodeService.method.health, {})).resolves.toBeDefined();
    await conversation.abort();
    await ended;

    const overloaded = { code: UNAVAILABLE, reason: 'OVERLOADED' };
    expect(refusals).toMatchObject([overloaded, overloaded]);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    await expect(list(door)).resolves.toBeDefined();
    for (const stream of streams) stream.cancel();
  });
});
