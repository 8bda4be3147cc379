import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../errors/gateway-error.js';
import { replyWithError } from './error-reply.js';

/** Counts the HTTP calls in flight, and once draining refuses new ones and waits for the rest. */
export class HttpDrain {
  private inFlight = 0;
  private draining = false;
  private onIdle: () => void = () => undefined;

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRequest', (_, reply, done) => {
      if (this.draining) {
        void reply.header('connection', 'close');
        replyWithError(
          reply,
          new GatewayError('UNAVAILABLE', 'The gateway is shutting down', { reason: 'SHUTTING_DOWN', retryAfterMs: 1_000 }),
        );
        return;
      }
      this.inFlight += 1;
      reply.raw.once('close', () => this.leave());
      done();
    });
  }

  async drain(timeoutMs: number): Promise<void> {
    this.draining = true;
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private leave(): void {
    this.inFlight -= 1;
    if (this.draining && this.inFlight === 0) this.onIdle();
  }
}
