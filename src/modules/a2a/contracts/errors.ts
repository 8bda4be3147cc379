import type { A2AVersion } from '../a2a.call.js';
import type { ExtensionErrorType } from '../extension-method.js';

export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;

/**
 * Numbers of the failures of extension methods, by the version that is spoken.
 *
 * opencode-a2a-server's are numbers of A2A itself: a generic client takes SESSION_NOT_FOUND for TaskNotFound. 0.3 keeps them
 * for its clients; 1.0 has numbers behind those of the protocol. The type is the same in both.
 */
export const ERROR_CODES: Readonly<Record<ExtensionErrorType, Readonly<Record<A2AVersion, number>>>> = {
  METHOD_NOT_SUPPORTED: { '0.3': METHOD_NOT_FOUND, '1.0': METHOD_NOT_FOUND },
  MISSING_FIELD: { '0.3': INVALID_PARAMS, '1.0': INVALID_PARAMS },
  INVALID_FIELD: { '0.3': INVALID_PARAMS, '1.0': INVALID_PARAMS },
  INVALID_PAGINATION_MODE: { '0.3': INVALID_PARAMS, '1.0': INVALID_PARAMS },
  INTERRUPT_TYPE_MISMATCH: { '0.3': INVALID_PARAMS, '1.0': INVALID_PARAMS },
  SESSION_NOT_FOUND: { '0.3': -32001, '1.0': -32050 },
  SESSION_FORBIDDEN: { '0.3': -32006, '1.0': -32051 },
  UPSTREAM_UNREACHABLE: { '0.3': -32002, '1.0': -32052 },
  UPSTREAM_HTTP_ERROR: { '0.3': -32003, '1.0': -32053 },
  UPSTREAM_PAYLOAD_ERROR: { '0.3': -32005, '1.0': -32054 },
  INTERRUPT_REQUEST_NOT_FOUND: { '0.3': -32004, '1.0': -32055 },
  INTERRUPT_REQUEST_EXPIRED: { '0.3': -32004, '1.0': -32056 },
  AUTHORIZATION_FORBIDDEN: { '0.3': -32007, '1.0': -32057 },
};

/** Failures of sessions, models and workspaces. */
export const SESSION_ERRORS = [
  'SESSION_NOT_FOUND',
  'SESSION_FORBIDDEN',
  'AUTHORIZATION_FORBIDDEN',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_HTTP_ERROR',
  'UPSTREAM_PAYLOAD_ERROR',
] as const satisfies readonly ExtensionErrorType[];

export const CATALOGUE_ERRORS = [
  'AUTHORIZATION_FORBIDDEN',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_HTTP_ERROR',
  'UPSTREAM_PAYLOAD_ERROR',
] as const satisfies readonly ExtensionErrorType[];

export const INTERRUPT_ERRORS = [
  'INTERRUPT_REQUEST_NOT_FOUND',
  'INTERRUPT_REQUEST_EXPIRED',
  'INTERRUPT_TYPE_MISMATCH',
  'AUTHORIZATION_FORBIDDEN',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_HTTP_ERROR',
] as const satisfies readonly ExtensionErrorType[];
