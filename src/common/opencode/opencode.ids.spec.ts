import { ascendingId } from './opencode.ids.js';

/** The module remembers the last time it was given; each test begins later than the one before. */
let nowMs = 1_795_247_375_152;

beforeEach(() => {
  nowMs += 60_000;
});

function ids(count: number, atMs: number): string[] {
  return Array.from({ length: count }, () => ascendingId('msg', atMs));
}

function isAscending(values: readonly string[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? ''));
}

describe('ascendingId', () => {
  it.each(['msg', 'prt'] as const)('has the form OpenCode gives a %s', (prefix) => {
    expect(ascendingId(prefix, nowMs)).toMatch(new RegExp(`^${prefix}_[0-9a-f]{12}[0-9A-Za-z]{14}$`));
  });

  it('carries the time as OpenCode’s own ids do', () => {
    // msg_1fd15033d0018YAk0Kmibi7xHZ was made in the millisecond 1795247375165.
    const madeAtMs = 1_795_247_375_165 + 2 ** 36;

    expect(ascendingId('msg', madeAtMs).slice(0, 'msg_1fd15033d'.length)).toBe('msg_1fd15033d');
    nowMs = madeAtMs;
  });

  it('ascends with time', () => {
    const made = [0, 1, 2, 1_000, 86_400_000].map((laterMs) => ascendingId('msg', nowMs + laterMs));

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

  it('ascends over parts and messages alike', () => {
    const part = ascendingId('prt', nowMs);
    const message = ascendingId('msg', nowMs);

    expect(message.slice(4) > part.slice(4)).toBe(true);
  });
});
