/** The header that means `request_id` on this door. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** The request under the header's key, unless it names one itself. */
export function withKey<T extends { readonly requestId: string }>(request: T, key: string | undefined): T {
  return request.requestId === '' && key !== undefined ? { ...request, requestId: key.slice(0, 200) } : request;
}
