/** So many more entries come before a table is given up, beside those that it holds: the price of a copy is spread over them. */
const RENEW_AFTER = 256;

/**
 * A Map for entries that come and go all the time, which has V8 keep nothing of those that are gone.
 *
 * V8 gives a Map a new table after every few changes, and lets the outgrown one point to it (for iterators). Once one of them is old and
 * dead, which a full collection sees to, it holds every table after it until the next full collection, with what stood in each when it was
 * outgrown. So from time to time the Map itself is given up: to the first table of a new one nothing points.
 *
 * A whole Map, for it stands in for one of Node's, which may call tomorrow what it does not call today. Measured on Node 20.20 and
 * 24.21, docs/adr/0044-connections-hold-their-streams-in-fresh-tables.md.
 */
export class RenewedMap<K, V> implements Map<K, V> {
  readonly [Symbol.toStringTag] = 'RenewedMap';
  private added = 0;
  private map: Map<K, V>;

  constructor(entries: Iterable<readonly [K, V]> = []) {
    this.map = new Map(entries);
  }

  get size(): number {
    return this.map.size;
  }

  get(key: K): V | undefined {
    return this.map.get(key);
  }

  has(key: K): boolean {
    return this.map.has(key);
  }

  set(key: K, value: V): this {
    this.added += 1;
    if (this.added > RENEW_AFTER + this.map.size) this.renew();
    this.map.set(key, value);
    return this;
  }

  delete(key: K): boolean {
    return this.map.delete(key);
  }

  clear(): void {
    this.map.clear();
  }

  forEach(each: (value: V, key: K, map: Map<K, V>) => void): void {
    this.map.forEach((value, key) => each(value, key, this));
  }

  entries(): MapIterator<[K, V]> {
    return this.map.entries();
  }

  keys(): MapIterator<K> {
    return this.map.keys();
  }

  values(): MapIterator<V> {
    return this.map.values();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  private renew(): void {
    this.map = new Map(this.map);
    this.added = 0;
  }
}
