import { HttpException } from '@nestjs/common';
import { GatewayError, type GatewayErrorCode } from './gateway-error.js';

interface StatusRow {
  readonly grpc: number;
  readonly http: number;
  readonly title: string;
}

/** Code → gRPC number and HTTP status, as grpc-gateway has them. @see google/rpc/code.proto */
export const STATUS_TABLE: Readonly<Record<GatewayErrorCode, StatusRow>> = {
  CANCELLED: { grpc: 1, http: 499, title: 'Cancelled' },
  UNKNOWN: { grpc: 2, http: 500, title: 'Unknown' },
  INVALID_ARGUMENT: { grpc: 3, http: 400, title: 'Invalid argument' },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504, title: 'Deadline exceeded' },
  NOT_FOUND: { grpc: 5, http: 404, title: 'Not found' },
  ALREADY_EXISTS: { grpc: 6, http: 409, title: 'Already exists' },
  PERMISSION_DENIED: { grpc: 7, http: 403, title: 'Permission denied' },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 429, title: 'Resource exhausted' },
  FAILED_PRECONDITION: { grpc: 9, http: 400, title: 'Failed precondition' },
  ABORTED: { grpc: 10, http: 409, title: 'Aborted' },
  OUT_OF_RANGE: { grpc: 11, http: 400, title: 'Out of range' },
  UNIMPLEMENTED: { grpc: 12, http: 501, title: 'Unimplemented' },
  INTERNAL: { grpc: 13, http: 500, title: 'Internal' },
  UNAVAILABLE: { grpc: 14, http: 503, title: 'Unavailable' },
  DATA_LOSS: { grpc: 15, http: 500, title: 'Data loss' },
  UNAUTHENTICATED: { grpc: 16, http: 401, title: 'Unauthenticated' },
};

const CODES: readonly (GatewayErrorCode | 'OK')[] = ['OK', ...(Object.keys(STATUS_TABLE) as GatewayErrorCode[])];

/** The name of a canonical number; the table has them in order. */
export function codeOfNumber(number: number): GatewayErrorCode | 'OK' {
  return CODES[number] ?? 'UNKNOWN';
}

/** Failures for which HTTP has a status of its own. */
const HTTP_STATUS_BY_REASON: Readonly<Record<string, number>> = {
  HOST_NOT_ALLOWED: 421,
  ETAG_MISMATCH: 412,
  FILE_EXISTS: 412,
  FILE_TOO_LARGE: 413,
  REQUEST_TOO_LARGE: 413,
  RANGE_NOT_SATISFIABLE: 416,
  NO_SPACE: 507,
};

/** What the HTTP server itself refuses (bad JSON, too large, no route), by its status. */
const CODE_BY_HTTP_STATUS: Readonly<Record<number, GatewayErrorCode>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  411: 'INVALID_ARGUMENT',
  413: 'RESOURCE_EXHAUSTED',
  414: 'INVALID_ARGUMENT',
  415: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  431: 'INVALID_ARGUMENT',
  503: 'UNAVAILABLE',
};

/** Why it refused; anything else is a bad request. */
const REASON_BY_HTTP_STATUS: Readonly<Record<number, string>> = { 404: 'NO_SUCH_ROUTE', 413: 'REQUEST_TOO_LARGE' };

/** Statuses of the HTTP server that say more than the table's own row; kept as they are. */
const KEPT_HTTP_STATUSES: ReadonlySet<number> = new Set([405, 408, 411, 413, 414, 415, 431]);

function httpStatusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * Any failure as a GatewayError, and the HTTP status it has on the HTTP door.
 *
 * Rules: a GatewayError stays; what the HTTP server refused keeps its message, for it speaks of the request only;
 * everything else is unforeseen and says "Internal error" and nothing more.
 */
export function fromUnknown(error: unknown): { readonly error: GatewayError; readonly httpStatus: number } {
  if (error instanceof GatewayError) return { error, httpStatus: HTTP_STATUS_BY_REASON[error.reason] ?? STATUS_TABLE[error.code].http };
  const status = httpStatusOf(error);
  const code = status === undefined ? undefined : CODE_BY_HTTP_STATUS[status];
  if (status === undefined || code === undefined || !(error instanceof Error)) {
    return { error: new GatewayError('INTERNAL', 'Internal error', { cause: error }), httpStatus: 500 };
  }
  const httpStatus = KEPT_HTTP_STATUSES.has(status) ? status : STATUS_TABLE[code].http;
  // Nest's own words for it repeat the whole address, with a token that may be in its query.
  const message = code === 'NOT_FOUND' ? 'No such route' : error.message;
  const reason = REASON_BY_HTTP_STATUS[status] ?? 'BAD_REQUEST';
  return { error: new GatewayError(code, message, { reason, cause: error }), httpStatus };
}
