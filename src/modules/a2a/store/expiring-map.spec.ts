import { eventually } from '../../../../test/support/eventually.js';
import { ExpiringMap } from './expiring-map.js';

const LONG_MS = 60_000;

describe('ExpiringMap', () => {
  it('forgets the oldest when there are too many', () => {
    const map = new ExpiringMap<number>(2);
    map.set('a', 1, LONG_MS);
    map.set('b', 2, LONG_MS);
    map.set('a', 3, LONG_MS);
    map.set('c', 4, LONG_MS);

    expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([3, undefined, 4]);
  });

  it('forgets what is out of date, and keeps what is set anew', async () => {
    const map = new ExpiringMap<number>(2);
    map.set('a', 1, 20);
    map.set('b', 2, 20);
    map.set('b', 3, LONG_MS);

    await eventually(() => map.get('a') === undefined);

    expect(map.get('b')).toBe(3);
  });

  it('forgets what is deleted', () => {
    const map = new ExpiringMap<number>(2);
    map.set('a', 1, LONG_MS);

    map.delete('a');

    expect(map.get('a')).toBeUndefined();
  });
});
