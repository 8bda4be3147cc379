import { create } from '@bufbuild/protobuf';
import { GatewayError } from '../errors/gateway-error.js';
import { GlobalEventSchema } from '../grpc/generated/event_pb.js';
import { TextPartSchema } from '../grpc/generated/message_pb.js';
import { eventStream, jsonLines, wantsEventStream } from './stream-format.js';

const ERROR = new GatewayError('RESOURCE_EXHAUSTED', 'too slow', { metadata: { lastSequence: '7' } });

function textPart(text: string) {
  return create(TextPartSchema, { text });
}

function parse(text: string): unknown {
  return JSON.parse(text) as unknown;
}

describe('eventStream', () => {
  it('writes a message as one event', () => {
    expect(eventStream.encode(textPart('Hi'), undefined).toString()).toBe('data: {"text":"Hi"}\n\n');
  });

  it('writes the id a client can resume from', () => {
    expect(eventStream.encode(textPart('Hi'), '42').toString()).toBe('id: 42\ndata: {"text":"Hi"}\n\n');
  });

  it('keeps line breaks of a text inside its event', () => {
    const written = eventStream.encode(textPart('a\n\nb\r'), undefined).toString();

    expect(written.match(/[\r\n]+/g)).toEqual(['\n\n']);
    expect(parse(written.slice('data: '.length))).toEqual({ text: 'a\n\nb\r' });
  });

  it('writes UTF-8', () => {
    expect(eventStream.encode(textPart('ü😀'), undefined)).toEqual(Buffer.from('data: {"text":"ü😀"}\n\n', 'utf8'));
  });

  it('writes fields without presence though they are empty', () => {
    const written = eventStream.encode(create(GlobalEventSchema, { sequence: 5n }), undefined).toString();

    expect(parse(written.slice('data: '.length))).toEqual({ directory: '', sessionId: '', eventId: '', sequence: '5' });
  });

  it('leaves out the empty fields of a delta', () => {
    const delta = { partId: 'prt_1', delta: 'Hi', offset: 5n };

    const written = eventStream.encode(create(GlobalEventSchema, { event: { case: 'messagePartUpdated', value: delta } }), undefined);

    expect(parse(written.toString().slice('data: '.length))).toEqual({ messagePartUpdated: { ...delta, offset: '5' } });
  });

  it('makes the bytes of a message once', () => {
    const message = textPart('Hi');

    expect(eventStream.encode(message, '1')).toBe(eventStream.encode(message, '1'));
  });

  it('keeps the bytes with an id apart from those without', () => {
    const message = textPart('Hi');
    eventStream.encode(message, '1');

    expect(eventStream.encode(message, undefined).toString()).not.toContain('id:');
  });

  it('writes a failure as an event of its own', () => {
    const written = eventStream.encodeError(ERROR);

    const [, data = ''] = /^event: error\ndata: (.*)\n\n$/.exec(written) ?? [];
    expect(parse(data)).toMatchObject({ code: 8, message: 'too slow', details: [{ metadata: { lastSequence: '7' } }] });
  });

  it('hides what nobody foresaw', () => {
    expect(eventStream.encodeError(new Error('secret'))).not.toContain('secret');
  });

  it('tells the client at once how long to wait before it comes back', () => {
    expect(eventStream.opening).toBe('retry: 2000\n\n');
  });

  it('has a heartbeat that is a comment', () => {
    expect(eventStream.heartbeat(textPart('alive'))?.toString()).toMatch(/^:[^\n]*\n\n$/);
  });
});

describe('jsonLines', () => {
  it("has the stream's own heartbeat, or none", () => {
    expect(jsonLines.heartbeat(textPart('alive'))?.toString()).toBe('{"result":{"text":"alive"}}\n');
    expect(jsonLines.heartbeat(undefined)).toBeUndefined();
  });

  it('writes a message as one line, as grpc-gateway does', () => {
    expect(jsonLines.encode(textPart('a\nb'), undefined).toString()).toBe('{"result":{"text":"a\\nb"}}\n');
  });

  it('has no place for an id', () => {
    expect(jsonLines.encode(textPart('Hi'), '42').toString()).toBe('{"result":{"text":"Hi"}}\n');
  });

  it('writes a failure as its last line', () => {
    const written = jsonLines.encodeError(ERROR);

    expect(written.endsWith('}\n')).toBe(true);
    expect(parse(written)).toMatchObject({ error: { code: 8, message: 'too slow' } });
  });

  it('makes the bytes of a message once', () => {
    const message = textPart('Hi');

    expect(jsonLines.encode(message, undefined)).toBe(jsonLines.encode(message, undefined));
  });
});

describe('wantsEventStream', () => {
  it.each(['text/event-stream', 'application/json, text/event-stream;q=0.9'])('is true of %s', (accept) => {
    expect(wantsEventStream(accept)).toBe(true);
  });

  it.each([undefined, '*/*', 'application/json'])('is false of %s', (accept) => {
    expect(wantsEventStream(accept)).toBe(false);
  });
});
