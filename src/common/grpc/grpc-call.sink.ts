import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Message } from '@bufbuild/protobuf';
import { encodeBinary } from './encoding.js';
import type { StreamSink } from '../streams/bounded-writer.js';
import { toCallError } from './grpc-error.js';

const NGHTTP2_CANCEL = 8;

interface Http2Stream {
  readonly closed: boolean;
  close(code: number): void;
}

/** The HTTP/2 stream under a call. grpc-js has no public way to reset a stream whose flow-control window is full. */
function http2StreamOf(call: unknown): Http2Stream | undefined {
  const inner = (call as { call?: { stream?: Http2Stream; nextCall?: { stream?: Http2Stream } } }).call;
  return inner?.stream ?? inner?.nextCall?.stream;
}

/** A server-streaming call as a sink of encoded messages. */
export class GrpcCallSink<T extends object> implements StreamSink<T> {
  constructor(
    private readonly call: ServerWritableStream<unknown, unknown>,
    private readonly toMessage: (item: T) => Message,
  ) {}

  encode(item: T): Buffer {
    return encodeBinary(this.toMessage(item));
  }

  write(bytes: Buffer): boolean {
    return this.call.write(bytes);
  }

  end(): void {
    this.call.end();
  }

  fail(error: unknown): void {
    this.call.emit('error', toCallError(error));
  }

  destroy(): void {
    const stream = http2StreamOf(this.call);
    if (stream !== undefined && !stream.closed) stream.close(NGHTTP2_CANCEL);
  }

  onDrain(listener: () => void): void {
    this.call.on('drain', listener);
  }

  onClose(listener: () => void): void {
    // 'cancelled' comes with the caller's cancel, with a deadline, and also after a normal end.
    this.call.once('cancelled', listener);
    this.call.once('close', listener);
  }
}
