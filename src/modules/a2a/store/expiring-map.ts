interface Entry<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

/** A map whose entries go after a time, and the oldest before it when there are too many. */
export class ExpiringMap<Value> {
  /** In the order in which they were set. */
  private readonly entries = new Map<string, Entry<Value>>();

  constructor(private readonly maxEntries: number) {}

  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.untilMs > Date.now()) return entry?.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: Value, ttlMs: number): void {
    this.entries.delete(key);
    this.entries.set(key, { value, untilMs: Date.now() + ttlMs });
    for (const [oldest, { untilMs }] of this.entries) {
      if (this.entries.size <= this.maxEntries && untilMs > Date.now()) return;
      this.entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
