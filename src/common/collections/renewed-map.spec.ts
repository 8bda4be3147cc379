import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { tuneHeap } from '../../app.heap.js';
import { RenewedMap } from './renewed-map.js';

const IN_FLIGHT = 8;
const ROUNDS = 5_000;

setFlagsFromString('--expose-gc');
// V8 would have entries begin among the old in the second run, having seen what becomes of them in the first.
tuneHeap();
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** Lets entries come and go, and says how many bytes more the heap then holds without a full collection. */
function keptBytes(map: Map<number, unknown>): number {
  const turn = (id: number): void => {
    map.set(
      id,
      Array.from({ length: 64 }, () => ({ id })),
    );
    map.delete(id - IN_FLIGHT);
  };
  for (let id = 0; id < IN_FLIGHT; id += 1) turn(id);
  // What is in the map now, and its table, are old from here on.
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let id = IN_FLIGHT; id < ROUNDS; id += 1) {
    turn(id);
    if (id % 1_000 === 0) collect({ type: 'minor' });
  }
  collect({ type: 'minor' });
  return process.memoryUsage().heapUsed - before;
}

describe('RenewedMap', () => {
  it('is a Map, however much comes and goes', () => {
    const [renewed, plain] = [new RenewedMap<number, string>([[0, 'zero']]), new Map([[0, 'zero']])];

    for (let step = 1; step < 5_000; step += 1) {
      for (const map of [renewed, plain]) {
        map.set(step, `of ${step}`);
        if (step % 3 > 0) map.delete(step - 7);
      }
      if (step % 500 > 0) continue;
      expect([...renewed]).toEqual([...plain]);
      expect(renewed.size).toBe(plain.size);
      expect(renewed.get(step)).toBe(`of ${step}`);
      expect(renewed.has(step - 7)).toBe(plain.has(step - 7));
    }
    expect([...renewed.keys()]).toEqual([...plain.keys()]);
    expect([...renewed.values()]).toEqual([...plain.values()]);
    const told: [number, string][] = [];
    renewed.forEach((value, key, map) => {
      expect(map).toBe(renewed);
      told.push([key, value]);
    });
    expect(told).toEqual([...plain]);
    expect(renewed.delete(-1)).toBe(false);
    renewed.clear();
    expect(renewed.size).toBe(0);
  });

  it('keeps little of what is gone, where a Map keeps nearly all of it', () => {
    const [plain, renewed] = [keptBytes(new Map()), keptBytes(new RenewedMap())];

    expect(renewed).toBeLessThan(plain / 5);
  });
});
