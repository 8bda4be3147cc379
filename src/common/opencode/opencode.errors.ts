import { errors } from 'undici';
import { GatewayError } from '../errors/gateway-error.js';
import { plainLine } from '../redaction/plain-line.js';

const RETRY_AFTER_MS = 1_000;

/** Reason of the error when OpenCode does not know our user name and password. */
export const OPENCODE_REFUSES_US = 'OPENCODE_REFUSES_US';

/** Reason of the error when OpenCode has broken a directory; see `DirectoryMender`. */
export const DIRECTORY_BROKEN = 'DIRECTORY_BROKEN';

/** OpenCode cannot read a configuration, of the directory or its own. What it says of it quotes the file. */
const CONFIG_ERROR = /^Config\w*Error$/;

/** A refusal as OpenCode words it: three shapes in use. */
interface UpstreamFailure {
  readonly name?: string;
  readonly _tag?: string;
  readonly message?: string;
  readonly field?: string;
  readonly data?: { readonly message?: string; readonly ref?: string; readonly reason?: string };
}

function parseFailure(body: string): UpstreamFailure {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** `Missing key\n  at ["parts"]`: the place is the field. */
function fieldOf(failure: UpstreamFailure): string {
  const path = /at ((?:\["[^"\]]*"\])+)/.exec(failure.data?.message ?? failure.message ?? '')?.[1];
  return failure.field ?? path?.slice(2, -2).replaceAll('"]["', '.') ?? 'request';
}

function toPatchError(reason: string | undefined, cause: Error): GatewayError {
  return reason === 'non-git'
    ? new GatewayError('FAILED_PRECONDITION', 'The directory is in no git repository', { reason: 'NO_REPOSITORY', cause })
    : new GatewayError('ABORTED', 'The patch does not fit the files', { reason: 'PATCH_REFUSED', cause });
}

/** `Session not found: ses_…` in the words that we have for it ourselves: what is missing and what is another's must read the same. */
function toMissing(message = ''): GatewayError | undefined {
  const [, what, id] = /^(\w+) not found: (\S+)$/.exec(message) ?? [];
  return what === undefined || id === undefined ? undefined : GatewayError.notFound(what.toLowerCase(), id);
}

/** OpenCode's answer to a call that failed, by status and context. @see docs of the upstream: errors are told apart by context, not by body */
export function toGatewayError(call: string, status: number, body: string): GatewayError {
  const failure = parseFailure(body);
  const message = plainLine(failure.data?.message ?? failure.message);
  const cause = new Error(`OpenCode answered ${status} to ${call}${wordsOf(failure)}`);
  const metadata = { status: String(status) };
  switch (status) {
    case 400:
      if (failure.name === 'VcsApplyError') return toPatchError(failure.data?.reason, cause);
      if (CONFIG_ERROR.test(failure.name ?? ''))
        return new GatewayError('FAILED_PRECONDITION', "OpenCode's configuration is not valid", {
          reason: 'OPENCODE_CONFIG_INVALID',
          cause,
        });
      return new GatewayError('INVALID_ARGUMENT', message ?? 'OpenCode refused the request', {
        reason: 'REFUSED_BY_OPENCODE',
        violations: [{ field: fieldOf(failure), description: message ?? 'was refused' }],
        cause,
      });
    case 404:
      return toMissing(message) ?? new GatewayError('NOT_FOUND', message ?? 'Not found', { reason: failure._tag ?? 'NOT_FOUND', cause });
    case 409:
      return new GatewayError('FAILED_PRECONDITION', 'The session is busy', { reason: 'SESSION_BUSY', cause });
    case 503:
      // OpenCode says this without a body; a proxy before it has one.
      if (body === '')
        return new GatewayError('UNAVAILABLE', 'OpenCode cannot use the directory', { reason: DIRECTORY_BROKEN, metadata, cause });
      return new GatewayError('UNAVAILABLE', 'OpenCode is not ready', {
        reason: 'OPENCODE_UNAVAILABLE',
        retryAfterMs: RETRY_AFTER_MS,
        metadata,
        cause,
      });
    case 401:
      // It is our own credential that is wrong, not the caller's.
      return new GatewayError('INTERNAL', 'OpenCode failed', { reason: OPENCODE_REFUSES_US, metadata, cause });
    default: {
      const ref = failure.data?.ref;
      return new GatewayError('INTERNAL', 'OpenCode failed', {
        reason: 'OPENCODE_FAILED',
        metadata: { ...metadata, ...(ref !== undefined && { ref }) },
        cause,
      });
    }
  }
}

/** A page instead of data: OpenCode answers unknown routes with its web UI and status 200. */
export function routeMissing(call: string): GatewayError {
  return new GatewayError('UNIMPLEMENTED', 'This OpenCode lacks what the call needs', { reason: 'OPENCODE_TOO_OLD', metadata: { call } });
}

/** JSON of another shape than the one that is read. */
export function payloadMismatch(call: string, expected: string): GatewayError {
  return new GatewayError('DATA_LOSS', `OpenCode did not answer with ${expected}`, { reason: 'OPENCODE_PAYLOAD', metadata: { call } });
}

/** Of the body no more than the log may hold: the rest can be a provider's answer, a statement or a prompt. */
function wordsOf({ name, _tag = name, data }: UpstreamFailure): string {
  const words = [_tag, data?.ref].filter((word) => word !== undefined && /^\w{1,64}$/.test(word));
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

/** An abort's reason is a DOMException, which is not everywhere an Error. */
function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
}

/** No answer at all: refused, reset, timed out, or not JSON. */
export function toTransportError(call: string, error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const timedOut =
    error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError || nameOf(error) === 'TimeoutError';
  if (timedOut)
    return new GatewayError('DEADLINE_EXCEEDED', 'OpenCode did not answer in time', {
      reason: 'OPENCODE_TIMEOUT',
      metadata: { call },
      cause: error,
    });
  return new GatewayError('UNAVAILABLE', 'OpenCode cannot be reached', {
    reason: 'OPENCODE_UNAVAILABLE',
    retryAfterMs: RETRY_AFTER_MS,
    cause: error,
  });
}
