import { MemoryTaskStore } from './memory-task.store.js';

describe('MemoryTaskStore', () => {
  it('T70 remembers as many bindings as it may, and forgets the one that would end first', async () => {
    const store = new MemoryTaskStore(2);

    for (const key of ['first', 'second', 'third']) await store.bind(key, 'ses_1', 60_000);

    expect(await Promise.all(['first', 'second', 'third'].map((key) => store.bound(key)))).toEqual([undefined, 'ses_1', 'ses_1']);
  });
});
