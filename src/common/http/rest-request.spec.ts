import type { DescMethod, Message } from '@bufbuild/protobuf';
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../errors/gateway-error.js';
import { EventService, TextMode } from '../grpc/generated/event_pb.js';
import { MessageService } from '../grpc/generated/message_pb.js';
import { QuestionService } from '../grpc/generated/question_pb.js';
import { SessionService } from '../grpc/generated/session_pb.js';
import { PermissionRequestSchema } from '../grpc/generated/tool_pb.js';
import { MessageRole } from '../grpc/generated/v1/common_pb.js';
import { OpenCodeService } from '../grpc/generated/v1/opencode_service_pb.js';
import { toRequestMessage } from './rest-request.js';
import { restRoutesOf } from './rest-rule.js';

interface Call {
  readonly params?: Record<string, string>;
  readonly query?: Record<string, string | string[]>;
  readonly body?: unknown;
}

function requestOf({ params = {}, query = {}, body }: Call): FastifyRequest {
  return { params, query, body } as unknown as FastifyRequest;
}

function read(method: DescMethod, call: Call): Message {
  return toRequestMessage(method.input, restRoutesOf(method)[0], requestOf(call));
}

function violationOf(method: DescMethod, call: Call): unknown {
  try {
    read(method, call);
  } catch (error) {
    return error instanceof GatewayError ? error.violations[0]?.field : error;
  }
  return 'accepted';
}

const { searchSessions, createSession, updateSession, deleteSession } = SessionService.method;
const { subscribeSessionEvents } = EventService.method;
const { sendMessage, listMessages } = MessageService.method;

describe('toRequestMessage from the path', () => {
  it('reads a parameter', () => {
    expect(read(deleteSession, { params: { session_id: 'ses_1' } })).toMatchObject({ sessionId: 'ses_1' });
  });

  it.each(['session_id', 'sessionId'])('wins over %s in the body', (name) => {
    const request = read(updateSession, { params: { session_id: 'ses_path' }, body: { [name]: 'ses_body', title: 'T' } });

    expect(request).toMatchObject({ sessionId: 'ses_path', title: 'T' });
  });

  it.each(['session_id', 'sessionId'])('wins over %s in the query', (name) => {
    const request = read(subscribeSessionEvents, { params: { session_id: 'ses_path' }, query: { [name]: 'ses_query' } });

    expect(request).toMatchObject({ sessionId: 'ses_path' });
  });

  it('wins over a body that is not even of the right type', () => {
    const request = read(updateSession, { params: { session_id: 'ses_path' }, body: { session_id: 7 } });

    expect(request).toMatchObject({ sessionId: 'ses_path' });
  });

  it('reads the rest of a path into its own field', () => {
    const request = read(OpenCodeService.method.readFile, { params: { '*': 'src/deep/a.ts' } });

    expect(request).toMatchObject({ path: 'src/deep/a.ts' });
  });
});

describe('toRequestMessage from the body', () => {
  it('reads a whole message', () => {
    const body = { parts: [{ text: { text: 'Hi' } }], request_id: 'r', model: { provider: { id: 'p' }, modelId: 'm' } };

    const request = read(sendMessage, { params: { session_id: 'ses_1' }, body });

    expect(request).toMatchObject({
      sessionId: 'ses_1',
      requestId: 'r',
      parts: [{ content: { case: 'text', value: { text: 'Hi' } } }],
      model: { modelId: 'm', provider: { id: 'p' } },
    });
  });

  it('does not mind fields it does not know', () => {
    expect(read(createSession, { body: { title: 'T', colour: 'red' } })).toMatchObject({ title: 'T' });
  });

  it.each([undefined, null])('takes a missing one (%s) for an empty message', (body) => {
    expect(read(createSession, { body })).toMatchObject({ labels: {} });
  });

  it('leaves the query out of account, for all of the message is in the body', () => {
    expect(read(createSession, { query: { title: 'Q' }, body: { agent: 'build' } })).not.toHaveProperty('title', 'Q');
  });

  it.each([
    ['a list', []],
    ['a text', 'x'],
    ['a number', 3],
  ])('refuses %s', (_, body) => {
    expect(violationOf(createSession, { body })).toBe('body');
  });

  it('does not change the body it was given', () => {
    const body = { sessionId: 'ses_body', title: 'T' };

    read(updateSession, { params: { session_id: 'ses_path' }, body });

    expect(body).toEqual({ sessionId: 'ses_body', title: 'T' });
  });

  it.each([
    ['title', { title: 5 }],
    ['labels', { labels: 'x' }],
    ['labels', { labels: { a: 1 } }],
  ])('names %s when it has the wrong type', (field, body) => {
    expect(violationOf(createSession, { body })).toBe(field);
  });

  it('names the inner field that has the wrong type', () => {
    expect(violationOf(sendMessage, { params: { session_id: 'ses_1' }, body: { parts: [{ text: { text: 5 } }] } })).toBe('text');
  });

  it('refuses with INVALID_ARGUMENT', () => {
    expect(() => read(createSession, { body: { title: 5 } })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
  });
});

describe('toRequestMessage from the query', () => {
  it.each(['page_size', 'pageSize'])('reads a number named %s', (name) => {
    expect(read(searchSessions, { query: { [name]: '20' } })).toMatchObject({ pageSize: 20 });
  });

  it('reads a map', () => {
    const request = read(searchSessions, { query: { 'labels[team]': 'docs', 'labels[a.b/c]': 'x' } });

    expect(request).toMatchObject({ labels: { team: 'docs', 'a.b/c': 'x' } });
  });

  it('reads a field of a message inside', () => {
    const request = read(OpenCodeService.method.listMessages, { query: { 'pagination.limit': '5', 'pagination.cursor': 'c' } });

    expect(request).toMatchObject({ pagination: { limit: 5, cursor: 'c' } });
  });

  it.each([[['a', 'b']], ['a']])('reads a repeated field from %j', (value) => {
    const request = toRequestMessage(PermissionRequestSchema, undefined, requestOf({ query: { pattern: value } }));

    expect(request).toMatchObject({ pattern: [value].flat() });
  });

  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('reads %s as a truth value', (text, value) => {
    expect(read(subscribeSessionEvents, { query: { durable_only: text } })).toMatchObject({ durableOnly: value });
  });

  it.each(['TEXT_MODE_DELTA', '2'])('reads the enum value %s', (text) => {
    expect(read(subscribeSessionEvents, { query: { text_mode: text } })).toMatchObject({ textMode: TextMode.DELTA });
  });

  it('reads an enum by its full name', () => {
    const request = read(OpenCodeService.method.listMessages, { query: { role_filter: 'MESSAGE_ROLE_USER' } });

    expect(request).toMatchObject({ roleFilter: MessageRole.USER });
  });

  it('reads a 64-bit number whole', () => {
    const request = read(subscribeSessionEvents, { query: { after_sequence: '9007199254740993' } });

    expect(request).toMatchObject({ afterSequence: 9_007_199_254_740_993n });
  });

  it('takes the last of several values for a field that has one', () => {
    expect(read(searchSessions, { query: { query: ['a', 'b'] } })).toMatchObject({ query: 'b' });
  });

  it.each(['colour', 'labels', 'labels.x', 'pagination', 'query.deep', '', '__proto__', 'constructor'])('does not mind %j', (name) => {
    expect(() => read(searchSessions, { query: { [name]: 'x' } })).not.toThrow();
  });

  it('cannot reach the prototype of objects through a map', () => {
    read(searchSessions, { query: { 'labels[__proto__]': 'x', 'labels[constructor]': 'y' } });

    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
    expect({}.constructor).toBe(Object);
  });

  it.each([
    ['page_size', searchSessions, { page_size: 'many' }],
    ['page_size', searchSessions, { pageSize: '' }],
    ['durable_only', subscribeSessionEvents, { durable_only: 'maybe' }],
    ['text_mode', subscribeSessionEvents, { text_mode: 'SHOUTING' }],
    ['after_sequence', subscribeSessionEvents, { after_sequence: 'x' }],
    ['page_size', listMessages, { page_size: '1.5' }],
    ['limit', OpenCodeService.method.listMessages, { 'pagination.limit': 'x' }],
  ] as const)('names %s when it does not decode', (field, method, query) => {
    expect(violationOf(method, { query })).toBe(field);
  });
});

describe('restRoutesOf', () => {
  it('gives verb, path and body as the contract has them', () => {
    expect(restRoutesOf(sendMessage)).toEqual([{ verb: 'post', path: '/sessions/:session_id/messages', body: '*', wildcard: undefined }]);
  });

  it('gives every further route of a method', () => {
    expect(restRoutesOf(QuestionService.method.listQuestions).map(({ path }) => path)).toEqual([
      '/questions',
      '/sessions/:session_id/questions',
    ]);
  });

  it('turns a parameter for the rest of the path into a wildcard', () => {
    expect(restRoutesOf(OpenCodeService.method.writeFile)).toEqual([{ verb: 'put', path: '/files/*', body: '*', wildcard: 'path' }]);
  });

  it('gives none for a method that is gRPC only', () => {
    expect(restRoutesOf(MessageService.method.getMessages)).toEqual([]);
  });
});
