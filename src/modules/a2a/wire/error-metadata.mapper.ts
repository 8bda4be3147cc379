import type { MessageFailure } from '../../message/message.model.js';

const UNAUTHORIZED = 'UPSTREAM_UNAUTHORIZED';

const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'UPSTREAM_BAD_REQUEST',
  401: UNAUTHORIZED,
  403: 'UPSTREAM_PERMISSION_DENIED',
  404: 'UPSTREAM_RESOURCE_NOT_FOUND',
  408: 'UPSTREAM_TIMEOUT',
  429: 'UPSTREAM_QUOTA_EXCEEDED',
};

/** What opencode-a2a-server calls a failure. */
export interface ErrorMetadata {
  readonly type: string;
  readonly upstream_status?: number;
}

export function toErrorMetadata({ name, status }: MessageFailure): ErrorMetadata {
  if (status === undefined) return { type: name === 'ProviderAuthError' ? UNAUTHORIZED : 'UPSTREAM_SERVER_ERROR' };
  const type = TYPE_BY_STATUS[status] ?? (status >= 500 ? 'UPSTREAM_SERVER_ERROR' : 'UPSTREAM_CLIENT_ERROR');
  return { type, upstream_status: status };
}

/** Whether the provider wants other credentials. */
export function wantsCredentials(failure: MessageFailure): boolean {
  return toErrorMetadata(failure).type === UNAUTHORIZED;
}
