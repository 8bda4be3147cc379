import type { ServiceError } from '@grpc/grpc-js';
import { fromUnknown } from '../errors/status-table.js';
import { toGrpcError } from '../errors/status.mapper.js';

type CallError = Pick<ServiceError, 'code' | 'details' | 'metadata'>;

function isCallError(error: unknown): error is CallError {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    'metadata' in error &&
    'details' in error &&
    typeof error.details === 'string'
  );
}

/**
 * Whatever a handler failed with, as grpc-js wants it. What the error filter has already dressed stays as it is.
 *
 * grpc-js 1.14.7 would throw at half a surrogate pair, and never answer: it has no UTF-8 form.
 */
export function toCallError(error: unknown): CallError {
  const dressed = isCallError(error) ? error : toGrpcError(fromUnknown(error).error);
  if (dressed === error && dressed.details.isWellFormed()) return dressed;
  const details = dressed.details.toWellFormed();
  return Object.assign(new Error(details), { code: dressed.code, details, metadata: dressed.metadata });
}
