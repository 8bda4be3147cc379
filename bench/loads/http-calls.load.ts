import { performance } from 'node:perf_hooks';
import { Pool } from 'undici';
import type { CallLoad } from './load.js';

/** Callers of an HTTP route, each of whom calls again as soon as it was answered. */
export class HttpCallsLoad implements CallLoad {
  count = 0;
  lost = 0;
  readonly opened = Promise.resolve();
  private newest: Buffer = Buffer.alloc(0);
  private readonly pool: Pool;
  private readonly path: string;

  constructor(
    url: string,
    private readonly callers: number,
  ) {
    const { origin, pathname, search } = new URL(url);
    this.pool = new Pool(origin, { connections: callers });
    this.path = pathname + search;
  }

  /** Gives the number of answers. */
  async callFor(durationMs: number): Promise<number> {
    const before = this.count;
    const endsAtMs = performance.now() + durationMs;
    await Promise.all(Array.from({ length: this.callers }, () => this.callUntil(endsAtMs)));
    return this.count - before;
  }

  sample(): Buffer {
    return this.newest;
  }

  pause(): void {
    throw new Error('a caller does not pause');
  }

  close(): void {
    void this.pool.destroy();
  }

  private async callUntil(endsAtMs: number): Promise<void> {
    while (performance.now() < endsAtMs) {
      const { statusCode, body } = await this.pool.request({ method: 'GET', path: this.path });
      this.newest = Buffer.from(await body.arrayBuffer());
      if (statusCode !== 200) this.lost += 1;
      this.count += 1;
    }
  }
}
