import { GatewayError } from '../errors/gateway-error.js';

/** An opaque page token: where the page before ended. */
export function toPageToken(position: string): string {
  return Buffer.from(JSON.stringify({ after: position })).toString('base64url');
}

/** Undefined for the first page. @throws GatewayError INVALID_ARGUMENT for what is no token of ours. */
export function fromPageToken(token: string): string | undefined {
  if (token === '') return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (typeof parsed === 'object' && parsed !== null && 'after' in parsed && typeof parsed.after === 'string') return parsed.after;
  } catch {
    // Not ours, as said below.
  }
  throw GatewayError.invalid('page_token', 'is not a token of this list');
}
