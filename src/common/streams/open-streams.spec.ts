import { Subject } from 'rxjs';
import { FakeSink, type Note } from '../../../test/support/fake-sink.js';
import type { Caller } from '../access/caller.js';
import { OpenStreams, type OpenStreamsOptions } from './open-streams.js';

const LABELS = { door: 'test', method: 'Notes/Watch' };

const CALLER: Caller = { principal: { id: 'ci', scopes: new Set(['read']), expiresAtMs: undefined }, scope: 'read', requestId: 'r' };

function setUp(options: Partial<OpenStreamsOptions> = {}) {
  const welcome = new Set<Caller | undefined>([CALLER]);
  const isWelcome = (caller: Caller | undefined): boolean => welcome.has(caller);
  const bounds = { maxMessages: 3, maxBytes: 1_000 };
  const streams = new OpenStreams({
    bounds,
    heartbeatS: 3,
    leaveAfterS: 2,
    maxStreams: 10,
    maxStreamsPerPrincipal: 10,
    isWelcome,
    ...options,
  });
  const open = (startPosition?: string) => {
    const source = new Subject<Note>();
    const sink = new FakeSink();
    sink.startPosition = startPosition;
    streams.write(source, sink, LABELS, CALLER);
    return { source, sink };
  };
  return { streams, open, welcome };
}

function passSeconds(count: number): void {
  jest.advanceTimersByTime(count * 1_000);
}

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the heartbeat of an open stream', () => {
  it('comes again and again while nothing else does', () => {
    const { streams, open } = setUp();
    const { sink } = open();

    passSeconds(7);

    expect(sink.log).toEqual(['<beat>', '<beat>']);
    expect(streams.tally.heartbeats).toBe(2);
  });

  it('waits for a silence since the last message', () => {
    const { open } = setUp();
    const { source, sink } = open();

    for (const name of ['a', 'b', 'c']) {
      passSeconds(2);
      source.next({ name });
    }
    const before = [...sink.log];
    passSeconds(3);

    expect(before).toEqual(['a', 'b', 'c']);
    expect(sink.log).toEqual(['a', 'b', 'c', '<beat>']);
  });

  it('is not sent to a reader that has yet to take what it has', () => {
    const { open } = setUp();
    const { source, sink } = open();
    sink.willing = false;
    source.next({ name: 'a' });

    passSeconds(30);
    sink.willing = true;
    sink.drain();
    const drained = [...sink.log];
    passSeconds(3);

    expect(drained).toEqual(['a']);
    expect(sink.log).toEqual(['a', '<beat>']);
  });

  it('fills the window as any message does', () => {
    const { open } = setUp();
    const { source, sink } = open();
    sink.willing = false;

    passSeconds(30);
    source.next({ name: 'a' });

    expect(sink.log).toEqual(['<beat>']);
  });

  it('is not sent where the kind of stream has none', () => {
    const { streams, open } = setUp();
    const { sink } = open();
    sink.heartbeat = undefined;

    passSeconds(30);

    expect(sink.log).toEqual([]);
    expect(streams.tally.heartbeats).toBe(0);
  });

  it('is not sent when heartbeats are off', () => {
    const { open } = setUp({ heartbeatS: 0 });
    const { sink } = open();

    passSeconds(100);

    expect(sink.log).toEqual([]);
  });

  it('leaves a reader where it can resume', () => {
    const { open } = setUp();
    const { source, sink } = open();
    source.next({ name: 'a', position: '7' });
    passSeconds(3);

    sink.isLeaving = true;
    passSeconds(3);

    expect(sink.error).toMatchObject({ metadata: { lastSequence: '7' } });
  });
});

describe('a stream whose connection wants to end', () => {
  it('goes on for a while, then ends with UNAVAILABLE and where to resume', () => {
    const { streams, open } = setUp({ heartbeatS: 0 });
    const { source, sink } = open();
    sink.isLeaving = true;
    passSeconds(2);
    source.next({ name: 'a', position: '7' });
    const before = [...sink.log];

    passSeconds(1);

    expect(before).toEqual(['a']);
    expect(sink.error).toMatchObject({ code: 'UNAVAILABLE', reason: 'CONNECTION_AGED', metadata: { lastSequence: '7' } });
    expect(sink.error).toHaveProperty('retryAfterMs', expect.any(Number));
    expect(source.observed).toBe(false);
    expect(streams.tally.ended.connection_aged).toBe(1);
  });

  it('ends as its source does when that is sooner', () => {
    const { open } = setUp();
    const { source, sink } = open();
    sink.isLeaving = true;
    passSeconds(1);

    source.complete();
    passSeconds(10);

    expect(sink.log).toEqual(['<end>']);
  });

  it('does not take others with it', () => {
    const { open } = setUp({ heartbeatS: 0 });
    const [aged, young] = [open(), open()];
    aged.sink.isLeaving = true;

    passSeconds(10);

    expect(aged.sink.log).toEqual(['<fail>']);
    expect(young.sink.log).toEqual([]);
  });
});

describe('OpenStreams', () => {
  it('knows what is open, and what waits in it', () => {
    const { streams, open } = setUp();
    const { source, sink } = open();
    open();
    sink.willing = false;
    for (const name of ['aa', 'bb', 'cc']) source.next({ name });

    const known = [...streams];

    expect(known.map(([, labels]) => labels)).toEqual([LABELS, LABELS]);
    expect(known.map(([{ queuedMessages, queuedBytes }]) => [queuedMessages, queuedBytes])).toEqual([
      [2, 4],
      [0, 0],
    ]);
  });

  it('forgets a stream however it ends, and leaves no timer behind the last', () => {
    const { streams, open } = setUp();
    const [ended, failed, left, slow] = [open(), open(), open(), open()];

    ended.source.complete();
    failed.source.error(new Error('upstream broke'));
    left.sink.close();
    slow.sink.willing = false;
    for (const name of ['a', 'b', 'c', 'd', 'e']) slow.source.next({ name });
    slow.sink.close();

    expect([...streams]).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
    expect(streams.tally.ended.slow_reader).toBe(1);
  });

  it('forgets a stream that is over at once', () => {
    const { streams } = setUp();
    const source = new Subject<Note>();
    source.complete();

    streams.write(source, new FakeSink(), LABELS);

    expect([...streams]).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the stream of a caller who may read no longer', () => {
  it('ends within a second, and says why', () => {
    const { open, welcome } = setUp();
    const { sink } = open();
    passSeconds(1);
    const before = sink.error;

    welcome.clear();
    passSeconds(1);

    expect(before).toBeUndefined();
    expect(sink.error).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_REVOKED' });
  });
});

describe('the number of open streams', () => {
  const other: Caller = { ...CALLER, principal: { ...CALLER.principal, id: 'other' } };
  const tooMany = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED', reason: 'TOO_MANY_STREAMS', retryAfterMs: 5_000 }) as Error;

  it('is bounded for each principal', () => {
    const { streams, open } = setUp({ maxStreamsPerPrincipal: 2 });
    open();
    open();

    expect(() => streams.requireRoom(CALLER)).toThrow(tooMany);
    expect(() => streams.requireRoom(other)).not.toThrow();
  });

  it('is bounded for all together', () => {
    const { streams, open } = setUp({ maxStreams: 2 });
    open();
    open();

    expect(() => streams.requireRoom(other)).toThrow(tooMany);
  });

  it('has room again for each stream that ends, however it ends', () => {
    const { streams, open } = setUp({ maxStreamsPerPrincipal: 2 });
    const [first, second] = [open(), open()];
    first.source.complete();
    const afterTheEnd = () => streams.requireRoom(CALLER);
    expect(afterTheEnd).not.toThrow();
    open();

    second.sink.close();

    expect(() => streams.requireRoom(CALLER)).not.toThrow();
  });
});

describe('open streams that are closed', () => {
  const shuttingDown = { code: 'UNAVAILABLE', reason: 'SHUTTING_DOWN' };

  it('are each told where their reader can resume', () => {
    const { streams, open } = setUp();
    const [told, fresh] = [open(), open('7.evt_3')];
    told.source.next({ name: 'a', position: '41' });

    streams.close();

    expect(told.sink.error).toMatchObject({ ...shuttingDown, metadata: { lastSequence: '41' } });
    expect(fresh.sink.error).toMatchObject({ ...shuttingDown, metadata: { lastSequence: '7', lastEventId: 'evt_3' } });
    expect([told, fresh].map(({ source }) => source.observed)).toEqual([false, false]);
  });

  it('are followed by no other', () => {
    const { streams } = setUp();

    streams.close();

    expect(() => streams.requireRoom(CALLER)).toThrow(expect.objectContaining(shuttingDown) as Error);
  });
});
