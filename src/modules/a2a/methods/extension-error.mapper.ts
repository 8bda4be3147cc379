import type { GatewayError } from '../../../common/errors/gateway-error.js';
import { STATUS_TABLE } from '../../../common/errors/status-table.js';
import type { A2AVersion } from '../a2a.call.js';
import { ERROR_CODES } from '../contracts/errors.js';
import { ExtensionError } from '../extension-method.js';

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Domain of the gateway's own reasons in an ErrorInfo. */
const ERROR_DOMAIN = 'opencode-gateway';

export const INTERNAL_ERROR: JsonRpcError = { code: -32603, message: 'Internal error' };

/** An error as it stands in a JSON-RPC answer. */
export function toJsonRpcError({ type, message, data }: ExtensionError, version: A2AVersion): JsonRpcError {
  const code = ERROR_CODES[version][type];
  if (version === '0.3') return { code, message, data: { type, ...data } };
  const metadata = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, toText(value)]));
  return { code, message, data: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: type, domain: ERROR_DOMAIN, metadata }] };
}

/** An ErrorInfo holds texts alone. */
function toText(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a failed call was about; told with failures of OpenCode. */
export interface CallSubject {
  readonly method: string;
  readonly session_id?: string;
  readonly request_id?: string;
}

/** What a service reports in the words of the extensions. */
export function fromGatewayError(error: GatewayError, subject: CallSubject): ExtensionError {
  switch (error.code) {
    case 'INVALID_ARGUMENT':
      return fromInvalidArgument(error);
    case 'NOT_FOUND':
      return fromNotFound(error, subject);
    case 'PERMISSION_DENIED':
      return new ExtensionError('AUTHORIZATION_FORBIDDEN', error.message, { method: subject.method });
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
      // It answered all the same.
      if (error.metadata['status'] !== undefined) return toHttpError(error, subject);
      return new ExtensionError('UPSTREAM_UNREACHABLE', 'Upstream OpenCode unreachable', { ...subject });
    case 'UNIMPLEMENTED':
    case 'DATA_LOSS':
      return new ExtensionError('UPSTREAM_PAYLOAD_ERROR', 'Upstream OpenCode payload mismatch', { ...subject, detail: error.message });
    default:
      return toHttpError(error, subject);
  }
}

function fromInvalidArgument({ message, violations }: GatewayError): ExtensionError {
  const fields = violations.map(({ field }) => field);
  return new ExtensionError('INVALID_FIELD', message, fields.length > 1 ? { fields } : { field: fields[0] ?? 'params' });
}

function fromNotFound(error: GatewayError, subject: CallSubject): ExtensionError {
  const { session_id: sessionId, request_id: requestId } = subject;
  if (requestId !== undefined)
    return new ExtensionError('INTERRUPT_REQUEST_NOT_FOUND', 'Interrupt request not found', { request_id: requestId });
  if (error.reason === 'SESSION_NOT_FOUND')
    return new ExtensionError('SESSION_NOT_FOUND', 'Session not found', { session_id: sessionId ?? error.metadata['id'] ?? '' });
  return toHttpError(error, subject);
}

function toHttpError(error: GatewayError, subject: CallSubject): ExtensionError {
  return new ExtensionError('UPSTREAM_HTTP_ERROR', 'Upstream OpenCode error', {
    ...subject,
    upstream_status: upstreamStatusOf(error),
    detail: error.message,
  });
}

/** What OpenCode answered where that is known, else what HTTP has for the failure. */
function upstreamStatusOf({ code, reason, metadata }: GatewayError): number {
  if (reason === 'SESSION_BUSY') return 409;
  const status = Number(metadata['status']);
  return Number.isInteger(status) && status >= 400 ? status : STATUS_TABLE[code].http;
}
