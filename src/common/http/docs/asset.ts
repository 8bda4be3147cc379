import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

interface Content {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Bytes that stay the same while the gateway runs, made when somebody first asks. */
export class Asset {
  private made: Content | undefined;

  constructor(
    private readonly type: string,
    private readonly make: () => string | Uint8Array,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** The bytes, or 304 to who has them. Another version of the gateway has other bytes under the same name: caches ask. */
  send(request: FastifyRequest, reply: FastifyReply): void {
    const { bytes, etag } = (this.made ??= toContent(this.make()));
    void reply.headers({ 'cache-control': 'no-cache', ...this.headers, etag });
    const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
    if (known.includes(etag)) void reply.code(304).send();
    else void reply.type(this.type).send(bytes);
  }
}

function toContent(content: string | Uint8Array): Content {
  const bytes = Buffer.from(content);
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
}
