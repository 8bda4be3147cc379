import { Readable } from 'node:stream';

/** An answer that is no message: bytes, with their own headers. */
export class RawReply {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    /** Nothing, for answers without a body: Fastify then keeps the Content-Length of an answer to HEAD. */
    readonly stream: Readable = Readable.from([]),
  ) {}
}
