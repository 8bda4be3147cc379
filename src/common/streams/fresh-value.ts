/** A value that is read at most once per `maxAgeMs`, however many ask; failures are not kept. */
export class FreshValue<T> {
  private value: Promise<T> | undefined;
  private readAtMs = 0;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly maxAgeMs: number,
  ) {}

  /** `maxAgeMs` may ask for a fresher value than usual. */
  get(maxAgeMs: number = this.maxAgeMs): Promise<T> {
    if (this.value === undefined || Date.now() - this.readAtMs > maxAgeMs) {
      this.readAtMs = Date.now();
      const value = this.read();
      this.value = value;
      value.catch(() => {
        if (this.value === value) this.value = undefined;
      });
    }
    return this.value;
  }
}
