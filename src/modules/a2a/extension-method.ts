import type { Scope } from '../../common/access/scopes.js';
import type { A2ACall } from './a2a.call.js';

/** A JSON-RPC method of an extension: not of A2A itself. */
export interface ExtensionMethod {
  /** `opencode.sessions.list` */
  readonly name: string;
  readonly scope: Scope;
  /**
   * @param params - as sent; a JSON object
   * @throws ExtensionError, GatewayError
   */
  run(params: Readonly<Record<string, unknown>>, call: A2ACall): Promise<unknown>;
}

/** Why an extension method failed, in the words of opencode-a2a-server; the number follows from the version that is spoken. */
export type ExtensionErrorType =
  | 'METHOD_NOT_SUPPORTED'
  | 'MISSING_FIELD'
  | 'INVALID_FIELD'
  | 'INVALID_PAGINATION_MODE'
  | 'INTERRUPT_TYPE_MISMATCH'
  | 'SESSION_NOT_FOUND'
  | 'SESSION_FORBIDDEN'
  | 'UPSTREAM_UNREACHABLE'
  | 'UPSTREAM_HTTP_ERROR'
  | 'UPSTREAM_PAYLOAD_ERROR'
  | 'INTERRUPT_REQUEST_NOT_FOUND'
  | 'INTERRUPT_REQUEST_EXPIRED'
  | 'AUTHORIZATION_FORBIDDEN';

/** A failure of an extension method. `data` goes to the caller beside the type. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError';

  constructor(
    readonly type: ExtensionErrorType,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
