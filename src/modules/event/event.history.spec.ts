import { OpencodePool, type OpencodeMember } from '../../common/opencode/opencode.pool.js';
import { EventHistory } from './event.history.js';

/** An OpenCode whose readings of its history take as long as it is told. */
function historyTaking(...tookMs: readonly number[]): EventHistory {
  const left = [...tookMs];
  const client = {
    sessions: async () => [],
    history: async () => {
      jest.setSystemTime(Date.now() + (left.shift() ?? 0));
      return { events: [], bytes: 0 };
    },
  };
  return new EventHistory(new OpencodePool({ client } as unknown as OpencodeMember).forDirectory(undefined), 1_000);
}

const REQUEST = { rootId: 'ses_1', known: new Map<string, number>() };

describe('the price of OpenCode’s history', () => {
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setTimeout', 'nextTick', 'queueMicrotask', 'setImmediate'] }));
  afterEach(() => jest.useRealTimers());

  it('is not raised by one slow reading, as after a start', async () => {
    const history = historyTaking(60_000, 1);

    expect(await history.read(REQUEST)).toEqual([]);
    expect(await history.read(REQUEST)).toEqual([]);
    expect(await history.read(REQUEST)).toEqual([]);
  });

  it('is too high after two', async () => {
    const history = historyTaking(60_000, 60_000);

    expect(await history.read(REQUEST)).toEqual([]);
    expect(await history.read(REQUEST)).toEqual([]);
    expect(await history.read(REQUEST)).toBeUndefined();
  });
});
