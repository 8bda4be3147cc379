import type { ServerWritableStream } from '@grpc/grpc-js';
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
export function toSink(call: ServerWritableStream<unknown, unknown>): StreamSink {
  return {
    write: (bytes) => call.write(bytes),
    end: () => call.end(),
    fail: (error) => call.emit('error', toCallError(error)),
    destroy: () => {
      const stream = http2StreamOf(call);
      if (stream !== undefined && !stream.closed) stream.close(NGHTTP2_CANCEL);
    },
    onDrain: (listener) => call.on('drain', listener),
    onClose: (listener) => {
      // 'cancelled' comes with the caller's cancel, with a deadline, and also after a normal end.
      call.once('cancelled', listener);
      call.once('close', listener);
    },
  };
}
