import { errors } from 'undici';
import { GatewayError } from '../errors/gateway-error.js';
import { routeMissing, toGatewayError, toTransportError } from './opencode.errors.js';

const CALL = 'GET /session/ses_x';

describe('toGatewayError', () => {
  it.each([
    ['INVALID_ARGUMENT', 400, '{"name":"BadRequest","data":{"message":"Missing key\\n  at [\\"parts\\"]","kind":"Payload"}}'],
    ['INVALID_ARGUMENT', 400, '{"_tag":"BadRequest"}'],
    ['FAILED_PRECONDITION', 400, '{"name":"ConfigJsonError","data":{"path":"/x","message":"--- JSONC Input ---"}}'],
    ['NOT_FOUND', 404, '{"name":"NotFoundError","data":{"message":"Session not found: ses_x"}}'],
    ['NOT_FOUND', 404, '{"_tag":"PermissionNotFoundError","requestID":"per_1","message":"No such permission"}'],
    ['FAILED_PRECONDITION', 409, '{"_tag":"SessionBusyError","sessionID":"ses_x","message":"busy"}'],
    ['UNAVAILABLE', 503, '{"_tag":"ServiceUnavailableError","message":"m","service":"s"}'],
    ['INTERNAL', 500, '{"name":"UnknownError","data":{"message":"Unexpected server error.","ref":"err_1"}}'],
    ['INTERNAL', 401, ''],
    ['INTERNAL', 403, ''],
    ['INTERNAL', 502, '<html>'],
  ])('makes %s of a %d with %s', (code, status, body) => {
    expect(toGatewayError(CALL, status, body)).toMatchObject({ code });
  });

  it.each([
    ['parts', '{"data":{"message":"Missing key\\n  at [\\"parts\\"]"}}'],
    ['model.modelID', '{"data":{"message":"Expected string\\n  at [\\"model\\"][\\"modelID\\"]"}}'],
    ['title', '{"_tag":"InvalidRequestError","message":"too long","field":"title"}'],
    ['request', '{"_tag":"BadRequest"}'],
    ['request', 'not JSON'],
  ])('names the field %s that was refused in %s', (field, body) => {
    expect(toGatewayError(CALL, 400, body).violations).toMatchObject([{ field }]);
  });

  it('keeps what OpenCode says of a thing that is missing', () => {
    const error = toGatewayError(CALL, 404, '{"name":"NotFoundError","data":{"message":"Session not found: ses_x"}}');

    expect(error.message).toBe('session ses_x not found');
  });

  it('says no more of a failure than its reference', () => {
    const body = '{"name":"UnknownError","data":{"message":"secret path","ref":"err_1"}}';

    const error = toGatewayError(CALL, 500, body);

    expect(error).toMatchObject({ message: 'OpenCode failed', metadata: { ref: 'err_1', status: '500' } });
  });

  it('does not blame the caller for our own credential', () => {
    expect(toGatewayError(CALL, 401, '')).toMatchObject({ code: 'INTERNAL', reason: 'OPENCODE_REFUSES_US' });
  });

  it.each([
    ['its name and reference', '{"name":"UnknownError","data":{"message":"secret","ref":"err_1"}}', ' (UnknownError, err_1)'],
    ['nothing more', '{"name":"a secret","data":{"message":"secret"}}', ''],
    ['nothing of a page', '<html>secret</html>', ''],
  ])('keeps for the log the call, the status and %s', (_, body, words) => {
    expect(toGatewayError(CALL, 500, body).cause).toEqual(new Error(`OpenCode answered 500 to GET /session/ses_x${words}`));
  });

  it.each([400, 404])('does not repeat more than words of a %d', (status) => {
    const error = toGatewayError(CALL, status, '{"data":{"message":"Failed query: insert into part"}}');

    expect(JSON.stringify([error.message, error.violations])).not.toContain('insert');
  });

  it('says when to come back to an OpenCode that is not ready', () => {
    expect(toGatewayError(CALL, 503, '{}').retryAfterMs).toBeGreaterThan(0);
  });

  it('knows the answer of a broken directory, which has no body', () => {
    expect(toGatewayError(CALL, 503, '')).toMatchObject({ code: 'UNAVAILABLE', reason: 'DIRECTORY_BROKEN' });
  });
});

describe('toTransportError', () => {
  it.each([
    ['missing headers', new errors.HeadersTimeoutError()],
    ['a body that stops', new errors.BodyTimeoutError()],
    ['a deadline', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
  ])('makes DEADLINE_EXCEEDED of %s', (_, error) => {
    expect(toTransportError(CALL, error)).toMatchObject({ code: 'DEADLINE_EXCEEDED', metadata: { call: CALL } });
  });

  it.each([
    ['a refused connection', new Error('connect ECONNREFUSED')],
    ['broken JSON', new SyntaxError('Unexpected token')],
    ['something that is no error', 'what'],
  ])('makes UNAVAILABLE of %s', (_, error) => {
    expect(toTransportError(CALL, error)).toMatchObject({ code: 'UNAVAILABLE', reason: 'OPENCODE_UNAVAILABLE' });
  });

  it('leaves a GatewayError as it is', () => {
    const error = new GatewayError('NOT_FOUND', 'gone');

    expect(toTransportError(CALL, error)).toBe(error);
  });
});

describe('routeMissing', () => {
  it('names the call this OpenCode does not know', () => {
    expect(routeMissing(CALL)).toMatchObject({ code: 'UNIMPLEMENTED', metadata: { call: CALL } });
  });
});
