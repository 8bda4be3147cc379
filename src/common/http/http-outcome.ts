import type { ServerResponse } from 'node:http';
import type { GatewayErrorCode } from '../errors/gateway-error.js';

const FAILURE = Symbol('failure');
const STREAM = Symbol('stream');

/** Notes on a response with which code it fails: statuses of HTTP are fewer, and a stream fails after its 200. */
export function noteFailure(response: ServerResponse, code: GatewayErrorCode): void {
  (response as { [FAILURE]?: GatewayErrorCode })[FAILURE] = code;
}

/** How a response that is closed ended. */
export function outcomeOf(response: ServerResponse): GatewayErrorCode | 'OK' {
  return (response as { [FAILURE]?: GatewayErrorCode })[FAILURE] ?? (response.writableFinished ? 'OK' : 'CANCELLED');
}

/** Notes on a response that it is a stream. */
export function noteStream(response: ServerResponse): void {
  (response as { [STREAM]?: boolean })[STREAM] = true;
}

export function wasStream(response: ServerResponse): boolean {
  return (response as { [STREAM]?: boolean })[STREAM] ?? false;
}
