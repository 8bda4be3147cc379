import { restStatusFor, toJsonRpcError, toRestErrorBody } from '@a2a-js/sdk/errors';
import type { GatewayError } from '../../../common/errors/gateway-error.js';
import { fromUnknown, STATUS_TABLE } from '../../../common/errors/status-table.js';
import type { A2AVersion } from '../a2a.call.js';
import { toA2AError } from './a2a-error.mapper.js';

/** Of failures that A2A has no number for, outside its own range. */
const PRIVATE_CODES: Readonly<Partial<Record<GatewayError['code'], number>>> = {
  UNAUTHENTICATED: -32070,
  PERMISSION_DENIED: -32071,
  RESOURCE_EXHAUSTED: -32072,
  UNAVAILABLE: -32073,
  DEADLINE_EXCEEDED: -32074,
  ABORTED: -32075,
  UNIMPLEMENTED: -32076,
};
const INTERNAL = -32603;
const DOMAIN = 'opencode-gateway';

export interface JsonRpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A failure as a JSON-RPC error: A2A's own, or one of ours with its reason. */
export function toRpcError(error: unknown, version: A2AVersion): JsonRpcError {
  const known = toA2AError(error);
  if (known !== undefined) {
    const { code, message, data } = toJsonRpcError(known);
    return version === '1.0' ? { code, message, data } : { code, message };
  }
  const { error: own } = fromUnknown(error);
  const info = toErrorInfo(own);
  return { code: PRIVATE_CODES[own.code] ?? INTERNAL, message: own.message, data: version === '1.0' ? [info] : info };
}

export interface RestFailure {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

/** A failure over REST: `google.rpc.Status` in 1.0, the JSON-RPC error object in 0.3. */
export function toRestFailure(error: unknown, version: A2AVersion): RestFailure {
  const known = toA2AError(error);
  if (known !== undefined) {
    const status = restStatusFor(known);
    return { status, body: version === '1.0' ? toRestErrorBody(known, status) : toRpcError(known, version), retryAfterMs: undefined };
  }
  const { error: own, httpStatus: status } = fromUnknown(error);
  const body = { error: { code: status, status: own.code, message: own.message, details: [toErrorInfo(own)] } };
  return { status, body: version === '1.0' ? body : toRpcError(own, version), retryAfterMs: own.retryAfterMs };
}

function toErrorInfo({ reason, metadata }: GatewayError) {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: DOMAIN, metadata };
}

/** What a failure is called in logs. */
export function codeOf(error: unknown): GatewayError['code'] {
  const known = toA2AError(error);
  if (known === undefined) return fromUnknown(error).error.code;
  const status = restStatusFor(known);
  const codes = Object.keys(STATUS_TABLE) as GatewayError['code'][];
  return status === 400 ? 'INVALID_ARGUMENT' : (codes.find((code) => STATUS_TABLE[code].http === status) ?? 'INTERNAL');
}
