import type { ServerResponse } from 'node:http';
import type { GatewayErrorCode } from '../errors/gateway-error.js';

const FAILURE = Symbol('failure');

/** Notes on a response with which code it fails: statuses of HTTP are fewer, and a stream fails after its 200. */
export function noteFailure(response: ServerResponse, code: GatewayErrorCode): void {
  (response as { [FAILURE]?: GatewayErrorCode })[FAILURE] = code;
}

/** How a response that is closed ended. */
export function outcomeOf(response: ServerResponse): GatewayErrorCode | 'OK' {
  return (response as { [FAILURE]?: GatewayErrorCode })[FAILURE] ?? (response.writableFinished ? 'OK' : 'CANCELLED');
}
