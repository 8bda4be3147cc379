/** Runs so many tasks at once; the others wait, and come in their order. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(private readonly max: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.taken < this.max) this.taken += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      // A slot that somebody waits for is handed on, not given back.
      if (next === undefined) this.taken -= 1;
      else next();
    }
  }
}
