import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { Subject } from 'rxjs';
import { TextPartSchema, type TextPart } from '../grpc/generated/message_pb.js';
import { writeBounded } from '../streams/bounded-writer.js';
import { MessageStream } from '../streams/message-stream.js';
import { HttpSink } from './http.sink.js';
import { encodingOf } from './stream-encoding.js';
import { jsonLines } from './stream-format.js';

interface Stream {
  readonly source: Subject<TextPart>;
  readonly response: ServerResponse;
  readonly onBegin: jest.Mock;
}

let server: Server;
/** Streams in the order in which they were asked for. */
let streams: Stream[];

beforeEach(async () => {
  streams = [];
  server = createServer((_, response) => {
    const source = new Subject<TextPart>();
    response.writeHead(200, jsonLines.headers);
    response.flushHeaders();
    const onBegin = jest.fn();
    const sink = new HttpSink(response, encodingOf(MessageStream.of(source), jsonLines), onBegin);
    writeBounded(source, sink, { maxMessages: 10, maxBytes: 1_000 });
    streams.push({ source, response, onBegin });
    server.emit('asked');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A connection of which we see every byte. */
function open() {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const untilEnds = async (count: number): Promise<string> => {
    while (text.split('\r\n0\r\n\r\n').length <= count) await once(socket, 'data');
    return text;
  };
  return { socket, received: () => text, untilEnds };
}

async function ask(socket: Socket, version: '1.0' | '1.1'): Promise<Stream> {
  socket.write(`GET / HTTP/${version}\r\nhost: localhost\r\n\r\n`);
  await once(server, 'asked');
  return streams[streams.length - 1] as Stream;
}

function say({ source }: Stream, ...texts: string[]): void {
  for (const text of texts) source.next(create(TextPartSchema, { text }));
}

/** What came in an answer's body, its chunks taken apart. */
function bodyOf(answer: string): string {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (!head.includes('Transfer-Encoding: chunked')) return body;
  return body.replace(/([0-9a-f]+)\r\n([^\r]*)\r\n/g, (_, length: string, text: string) => {
    expect(Buffer.byteLength(text)).toBe(parseInt(length, 16));
    return text;
  });
}

const line = (text: string): string => `{"result":{"text":"${text}"}}\n`;

describe('HttpSink', () => {
  it('writes chunks that end with the stream, and the next request comes over the same connection', async () => {
    const { socket, untilEnds } = open();
    const first = await ask(socket, '1.1');
    say(first, 'a', 'ü😀');
    first.source.complete();
    const answer = await untilEnds(1);
    const second = await ask(socket, '1.1');
    say(second, 'b');
    second.source.complete();
    const both = await untilEnds(2);

    expect(bodyOf(answer)).toBe(line('a') + line('ü😀'));
    expect(bodyOf(both.slice(answer.length))).toBe(line('b'));
  });

  it('says that the answer begins once, when it does', async () => {
    const { socket } = open();
    const stream = await ask(socket, '1.1');
    expect(stream.onBegin).not.toHaveBeenCalled();
    say(stream, 'a', 'b');

    expect(stream.onBegin).toHaveBeenCalledTimes(1);
  });

  it('leaves nothing on a connection that lives on', async () => {
    const { socket } = open();
    const { response, source } = await ask(socket, '1.1');
    const listeners = response.socket?.listenerCount('drain') ?? 0;
    const kept = response.socket;
    source.complete();
    await once(response, 'close');

    expect(kept?.listenerCount('drain')).toBe(listeners - 1);
  });

  it('writes plain bytes to HTTP/1.0, which has no chunks', async () => {
    const { socket, received } = open();
    const stream = await ask(socket, '1.0');
    say(stream, 'a', 'b');
    stream.source.complete();
    await once(socket, 'end');

    expect(received()).not.toContain('Transfer-Encoding');
    expect(bodyOf(received())).toBe(line('a') + line('b'));
  });

  it('keeps a pipelined answer behind the one before it', async () => {
    const { socket, untilEnds } = open();
    const first = await ask(socket, '1.1');
    const second = await ask(socket, '1.1');
    say(second, 'second');
    say(first, 'first');
    first.source.complete();
    await once(first.response, 'close');
    say(second, 'third');
    second.source.complete();
    const text = await untilEnds(2);

    expect(text.indexOf(line('first'))).toBeGreaterThan(0);
    expect(text.indexOf(line('second'))).toBeGreaterThan(text.lastIndexOf('HTTP/1.1 200'));
    expect(text.indexOf(line('third'))).toBeGreaterThan(text.indexOf(line('second')));
  });

  it('is silent after the reader has left', async () => {
    const { socket } = open();
    const stream = await ask(socket, '1.1');
    const failed = jest.fn();
    stream.response.on('error', failed);
    stream.response.socket?.on('error', failed);
    stream.response.socket?.destroy();
    say(stream, 'a');
    await once(stream.response, 'close');
    say(stream, 'b');

    expect(failed).not.toHaveBeenCalled();
    expect(stream.source.observed).toBe(false);
  });
});
