import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack, durationMs } from '@bufbuild/protobuf/wkt';
import { Metadata } from '@grpc/grpc-js';
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from '../grpc/generated/google/rpc/error_details_pb.js';
import { StatusSchema } from '../grpc/generated/google/rpc/status_pb.js';
import { toCallError } from '../grpc/grpc-error.js';
import { GatewayError } from './gateway-error.js';
import { toGrpcError, toProblem, toStatus, toStatusJson } from './status.mapper.js';

const FULL = new GatewayError('RESOURCE_EXHAUSTED', 'Too many turns wait', {
  reason: 'QUEUE_FULL',
  metadata: { sessionId: 'ses_1' },
  violations: [{ field: 'session_id', description: 'is busy' }],
  retryAfterMs: 1_500,
  cause: new Error('secret'),
});

describe('toGrpcError', () => {
  it('carries code and message', () => {
    expect(toGrpcError(FULL)).toMatchObject({ code: 8, details: 'Too many turns wait' });
  });

  it('carries details that decode as google.rpc says', () => {
    const [bytes] = toGrpcError(FULL).metadata.get('grpc-status-details-bin');

    const { code, message, details } = fromBinary(StatusSchema, bytes as Buffer);
    const [info, badRequest, retry] = [ErrorInfoSchema, BadRequestSchema, RetryInfoSchema].map((schema, index) => {
      const packed = details[index];
      return packed && anyUnpack(packed, schema);
    });
    expect({ code, message }).toEqual({ code: 8, message: 'Too many turns wait' });
    expect(info).toMatchObject({ reason: 'QUEUE_FULL', domain: 'opencode-gateway', metadata: { sessionId: 'ses_1' } });
    expect(badRequest).toMatchObject({ fieldViolations: [{ field: 'session_id', description: 'is busy' }] });
    expect(retry).toMatchObject({ retryDelay: { seconds: 1n, nanos: 500_000_000 } });
  });

  it('never carries the cause', () => {
    const [bytes] = toGrpcError(FULL).metadata.get('grpc-status-details-bin');

    expect(bytes?.toString()).not.toContain('secret');
  });
});

describe('toStatus', () => {
  it('has only details that say something', () => {
    const { details } = toStatus(new GatewayError('NOT_FOUND', 'gone'));

    expect(details.map(({ typeUrl }) => typeUrl)).toEqual(['type.googleapis.com/google.rpc.ErrorInfo']);
  });

  it('says when to come back', () => {
    const packed = toStatus(FULL).details.at(-1);
    const retry = packed && anyUnpack(packed, RetryInfoSchema);

    expect(retry?.retryDelay && durationMs(retry.retryDelay)).toBe(1_500);
  });
});

describe('toStatusJson', () => {
  it('is google.rpc.Status with its details spelled out', () => {
    expect(toStatusJson(FULL)).toEqual({
      code: 8,
      message: 'Too many turns wait',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'QUEUE_FULL',
          domain: 'opencode-gateway',
          metadata: { sessionId: 'ses_1' },
        },
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [expect.objectContaining({ field: 'session_id', description: 'is busy' })],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.500s' },
      ],
    });
  });
});

describe('toProblem', () => {
  it('is a problem of RFC 9457 with our own members', () => {
    expect(toProblem(FULL, 429, '/sessions/ses_1/messages')).toEqual({
      type: 'urn:opencode-gateway:error:queue_full',
      title: 'Resource exhausted',
      status: 429,
      detail: 'Too many turns wait',
      instance: '/sessions/ses_1/messages',
      code: 'RESOURCE_EXHAUSTED',
      reason: 'QUEUE_FULL',
      metadata: { sessionId: 'ses_1' },
      violations: [{ field: 'session_id', description: 'is busy' }],
    });
  });

  it('leaves out members that say nothing', () => {
    const problem = toProblem(new GatewayError('NOT_FOUND', 'gone'), 404, '/x');

    expect(Object.keys(problem)).toEqual(['type', 'title', 'status', 'detail', 'instance', 'code', 'reason']);
  });
});

describe('toCallError', () => {
  it('hides what nobody foresaw', () => {
    expect(toCallError(new Error('secret'))).toMatchObject({ code: 13, details: 'Internal error' });
  });

  it('leaves an error that is dressed already as it is', () => {
    const dressed = toCallError(FULL);

    expect(toCallError(dressed)).toBe(dressed);
  });

  it.each([
    ['ours', new GatewayError('INVALID_ARGUMENT', 'half \ud800')],
    ['dressed', Object.assign(new Error(), { code: 3, details: 'half \ud800', metadata: new Metadata() })],
  ])('has no half of a pair in its text, which grpc-js could not send: %s', (_, error) => {
    expect(toCallError(error)).toMatchObject({ code: 3, details: 'half \ufffd' });
  });
});
