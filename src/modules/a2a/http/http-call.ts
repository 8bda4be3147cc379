import { ServerCallContext } from '@a2a-js/sdk/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../../../common/access/caller.js';
import { A2AUser, type A2AVersion } from '../a2a.call.js';
import { extensionOf } from '../contracts/extensions.js';

/** A call over HTTP, for the request handler. */
export interface HttpCall {
  readonly user: A2AUser;
  readonly context: ServerCallContext;
}

export function toHttpCall(request: FastifyRequest, reply: FastifyReply, version: A2AVersion): HttpCall {
  const caller = callerOf(request);
  if (caller === undefined) throw new Error('nobody was asked who calls');
  const left = new AbortController();
  reply.raw.once('close', () => left.abort());
  const extensions = extensionsOf(request);
  const spoken = extensions.filter((uri) => extensionOf(uri) !== undefined);
  if (spoken.length > 0) void reply.header(version === '1.0' ? 'a2a-extensions' : 'x-a2a-extensions', spoken.join(', '));
  const user = new A2AUser({
    caller,
    version,
    extensions: new Set(extensions),
    signal: left.signal,
    lastEventId: headerOf(request, 'last-event-id'),
    progress: { position: undefined },
    // The writer of the stream asks for the next item once there is room for it.
    untilReady: () => undefined,
  });
  return { user, context: new ServerCallContext({ user, requestedVersion: version, requestedExtensions: extensions }) };
}

/** `A2A-Version`, as a header or in the query. */
export function versionWishOf(request: FastifyRequest): string | undefined {
  const { 'A2A-Version': inQuery } = request.query as Readonly<Record<string, unknown>>;
  return headerOf(request, 'a2a-version') ?? (typeof inQuery === 'string' ? inQuery : undefined);
}

function extensionsOf(request: FastifyRequest): string[] {
  const named = headerOf(request, 'a2a-extensions') ?? headerOf(request, 'x-a2a-extensions') ?? '';
  return named
    .split(',')
    .map((uri) => uri.trim())
    .filter((uri) => uri !== '');
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
