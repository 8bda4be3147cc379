import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { status } from '@grpc/grpc-js';
import { GatewayError, type GatewayErrorCode } from './gateway-error.js';
import { fromUnknown, STATUS_TABLE } from './status-table.js';

/** As grpc-gateway's runtime.HTTPStatusFromCode has them. */
const HTTP_STATUSES: Readonly<Record<GatewayErrorCode, number>> = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  UNAUTHENTICATED: 401,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
};

const codes = Object.keys(HTTP_STATUSES) as GatewayErrorCode[];

function httpServerError(statusCode: number): Error {
  return Object.assign(new Error('refused'), { statusCode });
}

describe('STATUS_TABLE', () => {
  it('has every code of gRPC but OK', () => {
    const ofGrpc = Object.keys(status).filter((name) => Number.isNaN(Number(name)) && name !== 'OK');

    expect(Object.keys(STATUS_TABLE).sort()).toEqual(ofGrpc.sort());
  });

  it.each(codes)('gives %s the number gRPC gives it', (code) => {
    expect(STATUS_TABLE[code].grpc).toBe(status[code]);
  });

  it.each(codes)('gives %s the HTTP status grpc-gateway gives it', (code) => {
    expect(STATUS_TABLE[code].http).toBe(HTTP_STATUSES[code]);
  });
});

describe('fromUnknown', () => {
  it('keeps a GatewayError as it is', () => {
    const error = new GatewayError('ABORTED', 'The turn was aborted');

    expect(fromUnknown(error)).toEqual({ error, httpStatus: 409 });
    expect(fromUnknown(error).error).toBe(error);
  });

  it.each([
    ['an error', new Error('secret')],
    ['a text', 'secret'],
    ['nothing', undefined],
    ['an object', { statusCode: 404, message: 'secret' }],
  ])('says of %s nothing but "Internal error"', (_, thrown) => {
    const { error, httpStatus } = fromUnknown(thrown);

    expect(error).toMatchObject({ code: 'INTERNAL', message: 'Internal error', metadata: {}, violations: [] });
    expect(httpStatus).toBe(500);
  });

  it('keeps what was thrown for the log', () => {
    const thrown = new Error('secret');

    expect(fromUnknown(thrown).error.cause).toBe(thrown);
  });

  it.each([
    [405, 'UNIMPLEMENTED', 405],
    [408, 'DEADLINE_EXCEEDED', 408],
    [413, 'RESOURCE_EXHAUSTED', 413],
    [415, 'INVALID_ARGUMENT', 415],
    [400, 'INVALID_ARGUMENT', 400],
    [503, 'UNAVAILABLE', 503],
  ])('keeps the meaning of a %d of the HTTP server', (statusCode, code, httpStatus) => {
    const result = fromUnknown(httpServerError(statusCode));

    expect(result.error).toMatchObject({ code, message: 'refused' });
    expect(result.httpStatus).toBe(httpStatus);
  });

  it.each([[httpServerError(404)], [new NotFoundException('Cannot GET /x?access_token=secret')]])(
    'does not repeat the address that is no route (%#)',
    (thrown) => {
      expect(fromUnknown(thrown).error).toMatchObject({ code: 'NOT_FOUND', reason: 'NO_SUCH_ROUTE', message: 'No such route' });
    },
  );

  it('keeps the words of Nest’s BadRequestException', () => {
    expect(fromUnknown(new BadRequestException('bad JSON')).error).toMatchObject({ code: 'INVALID_ARGUMENT', message: 'bad JSON' });
  });

  it.each([new HttpException('secret', 500), httpServerError(502)])('hides what an unexpected status says (%#)', (thrown) => {
    expect(fromUnknown(thrown).error).toMatchObject({ code: 'INTERNAL', message: 'Internal error' });
  });
});

describe('GatewayError', () => {
  it('names its reason by the code unless told otherwise', () => {
    expect(new GatewayError('ABORTED', 'x').reason).toBe('ABORTED');
  });

  it('names the thing that was not found', () => {
    expect(GatewayError.notFound('agent card', 'x1')).toMatchObject({
      code: 'NOT_FOUND',
      message: 'agent card x1 not found',
      reason: 'AGENT_CARD_NOT_FOUND',
      metadata: { id: 'x1' },
    });
  });

  it('names every field that is wrong', () => {
    const error = GatewayError.invalidFields([
      { field: 'title', description: 'is too long' },
      { field: 'parts[0].file.url', description: 'must be a data: URL' },
    ]);

    expect(error.message).toBe('title: is too long; parts[0].file.url: must be a data: URL');
    expect(error.violations).toHaveLength(2);
  });
});
