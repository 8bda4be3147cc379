import type { ServiceError } from '@grpc/grpc-js';
import { fromUnknown } from '../errors/status-table.js';
import { toGrpcError } from '../errors/status.mapper.js';

type CallError = Pick<ServiceError, 'code' | 'details' | 'metadata'>;

function isCallError(error: unknown): error is CallError {
  return typeof error === 'object' && error !== null && 'code' in error && 'details' in error && 'metadata' in error;
}

/** Whatever a handler failed with, as grpc-js wants it. What the error filter has already dressed stays as it is. */
export function toCallError(error: unknown): CallError {
  if (isCallError(error)) return error;
  const dressed = toGrpcError(fromUnknown(error).error);
  return Object.assign(new Error(dressed.details), dressed);
}
