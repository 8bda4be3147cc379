import { GatewayError } from '../../../common/errors/gateway-error.js';
import { MemoryTaskStore } from './memory-task.store.js';
import { ResilientTaskStore } from './resilient-task.store.js';

const AWAY = new GatewayError('UNAVAILABLE', 'The task store is away', { reason: 'STORE_UNAVAILABLE' });
const notes = { contextId: 'ctx', outputModes: [] };
const config = {
  taskId: 't',
  id: 'c',
  url: 'https://example.org',
  token: '',
  authentication: undefined,
  version: '1.0',
  ownerId: 'me',
} as const;

/** A shared store that goes away and comes back. */
class FlakyStore extends MemoryTaskStore {
  isAway = false;
}

function flaky(): FlakyStore {
  const store = new FlakyStore();
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => (target.isAway ? Promise.reject(AWAY) : Reflect.apply(value, target, given));
    },
  });
}

describe('ResilientTaskStore', () => {
  let shared: FlakyStore;
  let store: ResilientTaskStore;

  beforeEach(() => {
    shared = flaky();
    store = new ResilientTaskStore(shared);
  });

  it('knows what was noted here while the shared one is away', async () => {
    await store.note('t', notes);
    shared.isAway = true;

    expect(await store.notes('t')).toEqual(notes);
  });

  it('does not say that a task is none which others may know', async () => {
    shared.isAway = true;

    await expect(store.notes('elsewhere')).rejects.toBe(AWAY);
  });

  it('takes notes while the shared one is away', async () => {
    shared.isAway = true;

    await store.note('t', notes);

    expect(await store.notes('t')).toEqual(notes);
  });

  it('keeps the first end, whether the shared one is there or not', async () => {
    await shared.settle('t', 'canceled');

    expect(await store.settle('t', 'completed')).toBe('canceled');
    shared.isAway = true;
    expect(await store.settle('t', 'completed')).toBe('canceled');
    expect(await store.settle('u', 'failed')).toBe('failed');
    expect(await store.terminalState('u')).toBe('failed');
  });

  it('binds a context to its session while the shared one is away', async () => {
    await store.bind('key', 'ses_1', 60_000);
    shared.isAway = true;

    expect(await store.bound('key')).toBe('ses_1');
    expect(await store.bind('key', 'ses_2', 60_000)).toBe('ses_1');
  });

  it('takes no push configuration that it could lose', async () => {
    shared.isAway = true;

    await expect(store.putPushConfig(config)).rejects.toBe(AWAY);
    await expect(store.lease('push:t', 'me', 1_000)).rejects.toBe(AWAY);
  });
});
