/**
 * What is made of an object once, however many ask for it.
 *
 * In a fan-out the same object is asked for by one reader after the other, so the last answer is kept at hand: the map
 * behind it costs every reader of every event a look-up in memory that is rarely in the CPU's cache.
 */
export class FanOutCache<Key extends object, Value> {
  private readonly values = new WeakMap<Key, Value>();
  private lastKey: Key | undefined;
  private lastValue: Value | undefined;

  constructor(private readonly make: (key: Key) => Value) {}

  get(key: Key): Value {
    if (key === this.lastKey) return this.lastValue as Value;
    let value = this.values.get(key);
    if (value === undefined) {
      value = this.make(key);
      this.values.set(key, value);
    }
    this.lastKey = key;
    this.lastValue = value;
    return value;
  }
}
