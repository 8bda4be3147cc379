import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { shuttingDown } from '../errors/gateway-error.js';
import { isProbe } from '../limits/call-limits.js';
import { replyWithError } from './error-reply.js';

/**
 * Lets go of HTTP connections without losing a call.
 *
 * A client may send over a connection until it is told not to, and what it sends just when the connection is closed fails for it. So
 * answers say first, for as long as the gateway waits, that they are the last of their connections; what is idle then can be closed.
 */
export class HttpDrain {
  private isLeaving = false;
  private isClosed = false;
  private readonly unanswered = new Set<FastifyReply>();
  private readonly sockets = new Set<Socket>();

  constructor(private readonly fastify: FastifyInstance) {
    fastify.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      if (this.isClosed && !isProbe(request.routeOptions.url)) return replyWithError(reply, shuttingDown());
      this.unanswered.add(reply);
      reply.raw.once('close', () => this.unanswered.delete(reply));
      done();
    });
    fastify.addHook('onSend', (_, reply, payload, done) => {
      if (this.isLeaving) void reply.header('connection', 'close');
      done(null, payload);
    });
  }

  /** From now on every answer ends its connection. */
  leave(): void {
    this.isLeaving = true;
  }

  /** Takes no more connections, closes idle ones, and refuses what still comes over the others; resolves once all have ended. */
  async drain(): Promise<void> {
    this.leave();
    this.isClosed = true;
    const ended = new Promise<void>((resolve) => this.fastify.server.close(() => resolve()));
    // Node takes a connection for idle only once it had a request.
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
    await ended;
  }

  /** Tells those who still wait that nothing will come; how many they were. */
  refuseUnanswered(): number {
    const waiting = [...this.unanswered].filter(({ sent }) => !sent);
    for (const reply of waiting) replyWithError(reply, shuttingDown());
    return waiting.length;
  }

  /** Cuts what is left. */
  close(): void {
    this.fastify.server.closeAllConnections();
  }
}
