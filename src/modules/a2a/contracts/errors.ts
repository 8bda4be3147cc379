import type { A2AVersion } from '../a2a.call.js';
import type { ExtensionErrorType } from '../extension-method.js';

export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;

/**
 * Numbers of the failures of extension methods, by the version that is spoken.
 *
 * opencode-a2a-server's are numbers of A2A itself: a generic client takes SESSION_NOT_FOUND for TaskNotFound. 0.3 keeps them
 * for its clients; 1.0 has them 50 below, where A2A has none. The type is the same in both.
 */
export const ERROR_CODES: Readonly<Record<A2AVersion, Readonly<Record<ExtensionErrorType, number>>>> = {
  '0.3': {
    METHOD_NOT_SUPPORTED: METHOD_NOT_FOUND,
    MISSING_FIELD: INVALID_PARAMS,
    INVALID_FIELD: INVALID_PARAMS,
    INVALID_PAGINATION_MODE: INVALID_PARAMS,
    SESSION_NOT_FOUND: -32001,
    UPSTREAM_UNREACHABLE: -32002,
    UPSTREAM_HTTP_ERROR: -32003,
    INTERRUPT_REQUEST_NOT_FOUND: -32004,
    INTERRUPT_REQUEST_EXPIRED: -32004,
    UPSTREAM_PAYLOAD_ERROR: -32005,
    SESSION_FORBIDDEN: -32006,
    AUTHORIZATION_FORBIDDEN: -32007,
    INTERRUPT_TYPE_MISMATCH: INVALID_PARAMS,
  },
  '1.0': {
    METHOD_NOT_SUPPORTED: METHOD_NOT_FOUND,
    MISSING_FIELD: INVALID_PARAMS,
    INVALID_FIELD: INVALID_PARAMS,
    INVALID_PAGINATION_MODE: INVALID_PARAMS,
    SESSION_NOT_FOUND: -32051,
    UPSTREAM_UNREACHABLE: -32052,
    UPSTREAM_HTTP_ERROR: -32053,
    INTERRUPT_REQUEST_NOT_FOUND: -32054,
    INTERRUPT_REQUEST_EXPIRED: -32054,
    UPSTREAM_PAYLOAD_ERROR: -32055,
    SESSION_FORBIDDEN: -32056,
    AUTHORIZATION_FORBIDDEN: -32057,
    INTERRUPT_TYPE_MISMATCH: -32058,
  },
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
