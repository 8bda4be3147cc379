import type { Client } from '@grpc/grpc-js';
import { performance } from 'node:perf_hooks';
import { connect, identity, type GrpcTarget } from './grpc-streams.load.js';
import type { CallLoad } from './load.js';

/** Callers of a unary method, each of whom calls again as soon as it was answered. */
export class GrpcCallsLoad implements CallLoad {
  count = 0;
  lost = 0;
  readonly opened = Promise.resolve();
  private newest: Buffer = Buffer.alloc(0);
  private readonly clients: Client[];

  constructor(
    private readonly target: GrpcTarget,
    private readonly callers: number,
  ) {
    this.clients = connect(target);
  }

  /** Gives the number of answers. */
  async callFor(durationMs: number): Promise<number> {
    const before = this.count;
    const endsAtMs = performance.now() + durationMs;
    await Promise.all(Array.from({ length: this.callers }, (_, index) => this.callUntil(endsAtMs, index)));
    return this.count - before;
  }

  sample(): Buffer {
    return this.newest;
  }

  pause(): void {
    throw new Error('a caller does not pause');
  }

  close(): void {
    for (const client of this.clients) client.close();
  }

  private callUntil(endsAtMs: number, index: number): Promise<void> {
    const client = this.clients[index % this.clients.length];
    const { path, request } = this.target;
    const bytes = Buffer.from(request);
    return new Promise((resolve) => {
      const next = (): void => {
        if (performance.now() >= endsAtMs) return resolve();
        client?.makeUnaryRequest(path, identity, identity, bytes, (error, answer) => {
          if (error !== null || answer === undefined) this.lost += 1;
          else this.newest = answer;
          this.count += 1;
          next();
        });
      };
      next();
    });
  }
}
