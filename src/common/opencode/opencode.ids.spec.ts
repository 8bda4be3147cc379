import { ascendingMessageId, derivedMessageId, haveSameKey, partIdOf } from './opencode.ids.js';

/** The module remembers the last time it was given; each test begins later than the one before. */
let nowMs = 1_795_247_375_152;

beforeEach(() => {
  nowMs += 60_000;
});

function ids(count: number, atMs: number): string[] {
  return Array.from({ length: count }, () => ascendingMessageId(atMs));
}

function isAscending(values: readonly string[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? ''));
}

describe('ascendingMessageId', () => {
  it('has the form OpenCode gives a message', () => {
    expect(ascendingMessageId(nowMs)).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  });

  it('carries the time as OpenCode’s own ids do', () => {
    // msg_1fd15033d0018YAk0Kmibi7xHZ was made in the millisecond 1795247375165.
    const madeAtMs = 1_795_247_375_165 + 2 ** 36;

    expect(ascendingMessageId(madeAtMs).slice(0, 'msg_1fd15033d'.length)).toBe('msg_1fd15033d');
    nowMs = madeAtMs;
  });

  it('ascends with time', () => {
    const made = [0, 1, 2, 1_000, 86_400_000].map((laterMs) => ascendingMessageId(nowMs + laterMs));

    expect(isAscending(made)).toBe(true);
    nowMs += 86_400_000;
  });

  it('ascends within a millisecond', () => {
    expect(isAscending(ids(1_000, nowMs))).toBe(true);
  });

  it('ascends when a millisecond runs out of numbers', () => {
    const made = [...ids(5_000, nowMs), ...ids(10, nowMs + 1)];

    expect(isAscending(made)).toBe(true);
  });

  it('ascends when the clock is set back', () => {
    const made = [...ids(3, nowMs), ...ids(3, nowMs - 5_000), ...ids(3, nowMs + 1)];

    expect(isAscending(made)).toBe(true);
  });
});

describe('derivedMessageId', () => {
  const id = derivedMessageId(['ses_1', 'key'], ['hello']);

  it('has the form OpenCode gives a message', () => {
    expect(id).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  });

  it('is the same for the same key and body', () => {
    expect(derivedMessageId(['ses_1', 'key'], ['hello'])).toBe(id);
  });

  it('tells another body from another key', () => {
    const otherBody = derivedMessageId(['ses_1', 'key'], ['hullo']);
    const otherKey = derivedMessageId(['ses_2', 'key'], ['hello']);

    expect([otherBody === id, haveSameKey(otherBody, id)]).toEqual([false, true]);
    expect([otherKey === id, haveSameKey(otherKey, id)]).toEqual([false, false]);
  });

  it('sees no key in ids that callers chose', () => {
    expect(haveSameKey('msg-client-0000001', 'msg-client-0000002')).toBe(false);
    expect(haveSameKey('msg_client000000001', 'msg_client000000002')).toBe(false);
  });

  it('keeps the texts of a key apart', () => {
    expect(derivedMessageId(['a', 'bc'], [])).not.toBe(derivedMessageId(['ab', 'c'], []));
  });
});

describe('partIdOf', () => {
  const messageId = 'msg_1fd15033d0018YAk0Kmibi7xHZ';

  it('has the form OpenCode gives a part', () => {
    expect(partIdOf(messageId, 0)).toMatch(/^prt_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  });

  it('is the same for the same part, and another for any other', () => {
    const made = [partIdOf(messageId, 1), partIdOf(messageId, 2), partIdOf('msg_1fd15033d0018YAk0Kmibi7xHA', 1)];

    expect(partIdOf(messageId, 1)).toBe(made[0]);
    expect(new Set(made).size).toBe(3);
  });

  it('ascends with the index', () => {
    expect(isAscending(Array.from({ length: 300 }, (_, index) => partIdOf(messageId, index)))).toBe(true);
  });
});
