import { fromUpstreamError } from './failure.mapper.js';

function apiError(statusCode: number | undefined, error: object | string): string {
  const responseBody = typeof error === 'string' ? error : JSON.stringify({ error });
  const data = { message: 'raw words', responseBody, ...(statusCode !== undefined && { statusCode }) };
  return fromUpstreamError({ name: 'APIError', data }).message;
}

describe('fromUpstreamError', () => {
  it.each([
    [401, {}, 'The provider refused the credentials (HTTP 401)'],
    [429, { code: 'insufficient_quota' }, 'The provider limits requests, or its quota is used up (HTTP 429, insufficient_quota)'],
    [529, { type: 'overloaded_error' }, 'The provider failed (HTTP 529, overloaded_error)'],
    [400, { code: 400, status: 'INVALID_ARGUMENT' }, 'The provider refused the request (HTTP 400, INVALID_ARGUMENT)'],
    [400, { code: 'something_secret', type: {} }, 'The provider refused the request (HTTP 400)'],
    [500, '<html>raw words</html>', 'The provider failed (HTTP 500)'],
    [500, 'null', 'The provider failed (HTTP 500)'],
    [undefined, {}, 'The provider failed'],
  ])('says of a provider that answered %s with %j: %s', (status, body, message) => {
    expect(apiError(status, body)).toBe(message);
  });

  it.each([
    'Model not found: p/m.',
    'Model not found: p/m. Did you mean: p/n, p/o?',
    'Agent not found: "x". Available agents: build, plan',
    "'file part media type application/json' functionality not supported.",
    'Session too large to compact - context exceeds model limit even after stripping media',
  ])("keeps OpenCode's own words: %s", (message) => {
    expect(fromUpstreamError({ name: 'UnknownError', data: { message: `${message}\n    at x (file.ts:1)` } }).message).toBe(message);
  });

  it.each([
    ['UnknownError', 'whatever a plugin says', 'OpenCode failed; its own log says why'],
    ['ContextOverflowError', 'you sent: raw words', 'The context is larger than the model takes'],
    ['MessageOutputLengthError', undefined, 'The answer is longer than the model may give'],
    ['MessageAbortedError', 'Aborted', 'Aborted'],
  ])('has words of its own for %s', (name, message, expected) => {
    expect(fromUpstreamError({ name, data: message === undefined ? {} : { message } })).toEqual({ name, message: expected });
  });

  it('tells the status of a provider, and of nobody else', () => {
    const data = { message: '', statusCode: 429 };

    expect(fromUpstreamError({ name: 'APIError', data }).status).toBe(429);
    expect(fromUpstreamError({ name: 'UnknownError', data }).status).toBeUndefined();
  });

  it('does not mind an error without anything', () => {
    expect(fromUpstreamError({ name: 'APIError' }).message).toBe('The provider failed');
  });
});
