import { plainLine } from '../../common/redaction/plain-line.js';
import type { UpstreamError } from '../../common/opencode/opencode.types.js';
import type { MessageFailure } from './message.model.js';

/** What a provider's status means. Its own words stay behind: they may repeat keys, prompts and what its database said. */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'The provider refused the request',
  401: 'The provider refused the credentials',
  402: 'The provider wants to be paid',
  403: 'The provider forbids this',
  404: 'The provider does not know the model or the route',
  408: 'The provider did not answer in time',
  413: 'The request is too large for the provider',
  422: 'The provider refused the request',
  429: 'The provider limits requests, or its quota is used up',
};

/** Codes of errors that providers share. A code tells more than a status, and one of these tells nothing else. */
const KNOWN_CODES: ReadonlySet<unknown> = new Set([
  ...['invalid_api_key', 'insufficient_quota', 'rate_limit_exceeded', 'model_not_found', 'context_length_exceeded', 'server_error'],
  ...['billing_hard_limit_reached', 'account_deactivated', 'content_filter', 'content_policy_violation', 'string_above_max_length'],
  ...['unsupported_value', 'unsupported_parameter', 'unsupported_country_region_territory', 'invalid_image'],
  ...['authentication_error', 'permission_error', 'not_found_error', 'request_too_large', 'rate_limit_error', 'billing_error'],
  ...['api_error', 'timeout_error', 'overloaded_error', 'INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED', 'NOT_FOUND'],
  ...['FAILED_PRECONDITION', 'RESOURCE_EXHAUSTED', 'INTERNAL', 'UNAVAILABLE', 'DEADLINE_EXCEEDED'],
]);

const BY_NAME: Readonly<Record<string, string>> = {
  APIError: 'The provider failed',
  ContentFilterError: 'The provider filtered the answer',
  ContextOverflowError: 'The context is larger than the model takes',
  MessageAbortedError: 'Aborted',
  MessageOutputLengthError: 'The answer is longer than the model may give',
  ProviderAuthError: 'The provider has no valid credentials',
  StructuredOutputError: 'The model did not answer in the form that was asked for',
};

/** What OpenCode itself says and a caller can act upon; names within are what the caller sent or may list. */
const OWN_WORDS = [
  /^(Model|Agent|Command) not found: "?[\w.:@/ -]+"?\.?( (Did you mean|Available \w+): [\w.:@/, "?-]+)?$/,
  /^'?file part media type [\w.+/-]+'? functionality not supported\.?$/,
  /^Session too large to compact\b[\w -]*$/,
  /^(The operation timed out\.?|SSE read timed out)$/,
];

function ownWords(message: string | undefined): string | undefined {
  const line = plainLine(message);
  return line !== undefined && OWN_WORDS.some((words) => words.test(line)) ? line : undefined;
}

/** The first known code of an answer like `{"error": {"code", "type", "status"}}`. */
function codeOf(responseBody: string | undefined): string | undefined {
  try {
    const { error } = JSON.parse(responseBody ?? '') as { readonly error?: Readonly<Record<string, unknown>> };
    return [error?.['code'], error?.['type'], error?.['status']].find((code) => KNOWN_CODES.has(code)) as string | undefined;
  } catch {
    return undefined;
  }
}

function providerWords({ statusCode, responseBody }: NonNullable<UpstreamError['data']>): string | undefined {
  if (statusCode === undefined) return undefined;
  const code = codeOf(responseBody);
  const words = BY_STATUS[statusCode] ?? 'The provider failed';
  return `${words} (HTTP ${statusCode}${code === undefined ? '' : `, ${code}`})`;
}

/** Why a turn failed, in words of ours, or in OpenCode's own where they are known to hold nothing else. */
export function fromUpstreamError({ name, data = {} }: UpstreamError): MessageFailure {
  const ofProvider = name === 'APIError';
  const told = (ofProvider ? providerWords(data) : ownWords(data.message)) ?? BY_NAME[name];
  const { statusCode: status } = data;
  return { name, message: told ?? 'OpenCode failed; its own log says why', ...(ofProvider && status !== undefined && { status }) };
}
