import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnreadableBody } from '../../../common/http/agent-route.js';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { noteFailure } from '../../../common/http/http-outcome.js';
import { JsonStream } from '../../../common/streams/json-stream.js';
import type { A2AVersion } from '../a2a.call.js';
import { A2A_RULES, type A2ARules } from '../a2a.rules.js';
import { beginStream, type Placed } from '../generator-stream.js';
import { wrongType } from '../wire/a2a-error.mapper.js';
import { codeOf, toRestFailure } from '../wire/failure.mapper.js';
import { toVersion } from '../wire/version.js';
import { toHttpCall, versionWishOf, type HttpCall } from './http-call.js';

const A2A_TYPE = 'application/a2a+json';

export type RestAnswer = object | JsonStream<Placed<object>> | undefined;

/** What the REST routes of both versions have in common: how calls are read, and how answers and failures are told. */
@Injectable()
export class RestReplies {
  constructor(@Inject(A2A_RULES) private readonly rules: A2ARules) {}

  /** Answers one call. @param version - what is spoken at the route */
  async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    version: A2AVersion,
    run: (call: HttpCall) => Promise<RestAnswer>,
  ): Promise<RestAnswer> {
    try {
      this.requireVersion(request, version);
      if (request.body instanceof UnreadableBody) {
        throw request.body.reason === 'type' ? wrongType() : GatewayError.invalid('body', 'is not JSON');
      }
      const call = toHttpCall(request, reply, version);
      const answer = await run(call).catch((error: unknown) => {
        throw call.user.failure ?? error;
      });
      if (!(answer instanceof JsonStream)) void reply.type(typeOf(request, version));
      return answer;
    } catch (error) {
      const { status, body, retryAfterMs } = toRestFailure(error, version);
      noteFailure(reply.raw, codeOf(error));
      if (retryAfterMs !== undefined) void reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
      void reply.code(isWrongType(request) ? 415 : status).type(typeOf(request, version));
      return body as object;
    }
  }

  /** A stream; what can be refused is refused before it begins. */
  async stream<T extends object>(
    items: AsyncGenerator<T, void, undefined>,
    { user }: HttpCall,
    { method, toItem }: { readonly method: string; readonly toItem: (item: T) => object },
  ): Promise<JsonStream<Placed<T>>> {
    const { version, progress } = user.call;
    return new JsonStream(await beginStream(items, () => progress.position), `a2a/${method}`, {
      toJson: ({ item }) => JSON.stringify(toItem(item)),
      positionOf: ({ position }) => position,
      errorToJson: (error) => JSON.stringify(toRestFailure(user.failure ?? error, version).body),
      // Clients take what has no such name for an item.
      errorEvent: 'error',
    });
  }

  /** A route speaks one version; a caller who names another is told so. @throws VersionNotSupportedError */
  private requireVersion(request: FastifyRequest, version: A2AVersion): void {
    const spoken = this.rules.versions.filter((known) => known === version);
    const wish = versionWishOf(request)?.trim();
    toVersion(wish === undefined || wish === '' ? version : wish, spoken);
  }
}

function isWrongType({ body }: FastifyRequest): boolean {
  return body instanceof UnreadableBody && body.reason === 'type';
}

/** The type that the caller speaks. */
function typeOf({ headers }: FastifyRequest, version: A2AVersion): string {
  const speaks = [headers['content-type'], headers.accept].some((type) => type?.includes(A2A_TYPE));
  return version === '1.0' && speaks ? A2A_TYPE : 'application/json; charset=utf-8';
}
