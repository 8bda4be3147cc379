import {
  A2AError,
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import { GatewayError } from '../../../common/errors/gateway-error.js';

/** A failure as A2A knows it; undefined for what it has no word for. */
export function toA2AError(error: unknown): A2AError | undefined {
  if (error instanceof A2AError) return error;
  if (!(error instanceof GatewayError)) return undefined;
  const { code, reason, message, violations } = error;
  if (violations.some(({ field }) => field.endsWith('.mime'))) return new ContentTypeNotSupportedError(message);
  if (reason === 'TASK_NOT_CANCELABLE') return new TaskNotCancelableError(message);
  if (code === 'NOT_FOUND') return new TaskNotFoundError(message);
  if (code === 'INVALID_ARGUMENT') return new RequestMalformedError(message);
  if (code === 'FAILED_PRECONDITION') return new UnsupportedOperationError(message);
  return undefined;
}

/** Of a request that is not JSON. */
export function wrongType(): A2AError {
  return new ContentTypeNotSupportedError('Only application/json and application/a2a+json are read here');
}
