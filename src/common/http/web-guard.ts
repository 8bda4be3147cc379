import type { FastifyInstance, FastifyRequest } from 'fastify';
import { fromUnknown } from '../errors/status-table.js';
import { Refusals } from '../logging/refusals.js';
import { replyWithError } from './error-reply.js';
import type { WebAccess } from './web-access.js';

/** Of every answer, unless it says otherwise: nothing here is a page, to be kept by caches or shown inside another. */
export const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const EXPOSED_HEADERS = 'content-range, etag, location, retry-after, x-request-id';

/** A page may ask with what the contract knows; without credentials, for there are no cookies. */
const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-allow-headers':
    'a2a-extensions, a2a-version, accept, authorization, content-type, idempotency-key, if-match, if-none-match, if-range, last-event-id, range, baggage, traceparent, tracestate, x-request-id',
  'access-control-max-age': '600',
};

/** Looks at every request before anything else does, also at those to no route: whether a browser sends it for a page that may. */
export function guardFromWebPages(fastify: FastifyInstance, access: WebAccess): void {
  const refusals = new Refusals();
  fastify.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    void reply.headers(SECURITY_HEADERS);
    if (access.sharesWithOthers) void reply.header('vary', 'origin');
    try {
      access.check(toWebRequest(request));
    } catch (error) {
      const refusal = fromUnknown(error);
      refusals.record({ target: `${request.method} ${request.routeOptions.url ?? ''}` }, refusal.error);
      return replyWithError(reply, refusal.error, refusal.httpStatus);
    }
    if (access.isListed(origin)) {
      void reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS });
      // Browsers ask without showing the token that the call will have.
      if (isPreflight(request)) return void reply.code(204).headers(PREFLIGHT_HEADERS).send();
    }
    done();
  });
}

function toWebRequest({ headers }: FastifyRequest) {
  return {
    host: headers.host,
    origin: headers.origin,
    site: textOf(headers['sec-fetch-site']),
    destination: textOf(headers['sec-fetch-dest']),
  };
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
