import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** What a caller says about the version it knows; empty: nothing. @see https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests */
export interface Preconditions {
  readonly ifMatch: string;
  readonly ifNoneMatch: string;
}

/** A request for bytes instead of a message. */
export interface RawRequest extends Preconditions {
  readonly isHead: boolean;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/*']);
/** Say nothing about what a successful answer should be. */
const NEUTRAL_TYPES: ReadonlySet<string> = new Set(['', '*/*', 'application/problem+json']);

/** Whether the caller names a type and JSON is not among them, or asks for a range of bytes. */
export function wantsRaw(accept: string | undefined, range: string | undefined): boolean {
  if (range !== undefined) return true;
  const types = (accept ?? '').split(',').map((entry) => (entry.split(';')[0] ?? '').trim().toLowerCase());
  return !types.some((type) => JSON_TYPES.has(type)) && types.some((type) => !NEUTRAL_TYPES.has(type));
}

function preconditionsOf({ headers }: FastifyRequest): Preconditions {
  return { ifMatch: headers['if-match'] ?? '', ifNoneMatch: headers['if-none-match'] ?? '' };
}

/** If-Match and If-None-Match. */
export const Conditions = createParamDecorator((_: unknown, context: ExecutionContext) =>
  preconditionsOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** What the caller asks for when it wants raw bytes; undefined when it wants JSON. */
export const Raw = createParamDecorator((_: unknown, context: ExecutionContext): RawRequest | undefined => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { range, accept, 'if-range': ifRange } = request.headers;
  if (!wantsRaw(accept, range)) return undefined;
  return {
    ...preconditionsOf(request),
    isHead: request.method === 'HEAD',
    range,
    ifRange: typeof ifRange === 'string' ? ifRange : undefined,
  };
});
