import { GatewayError } from '../errors/gateway-error.js';

export function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('RESOURCE_EXHAUSTED', `The request may have at most ${maxBytes} bytes`, { reason: 'REQUEST_TOO_LARGE' });
}
