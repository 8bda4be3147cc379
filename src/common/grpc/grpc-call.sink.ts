import type { ServerHttp2Stream } from 'node:http2';
import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import { arrivedOn } from '../calls/arrived-call.js';
import type { StreamSink } from '../streams/bounded-writer.js';
import type { MessageStream } from '../streams/message-stream.js';
import { encodeFrame, toFrame } from './encoding.js';
import { toCallError } from './grpc-error.js';
import { countSent, noteStream } from './grpc-calls.js';
import { http2StreamOf } from './grpc-internals.js';

const NGHTTP2_CANCEL = 8;

/** How the items of one stream become frames. */
export interface FrameEncoding<T> {
  encode(item: T): Buffer;
  positionOf(item: T): string | undefined;
  readonly startPosition: string | undefined;
  readonly heartbeat: Buffer | undefined;
}

/** Of a stream of the contract: messages, encoded once however many readers get them. */
export function frameEncodingOf<T extends object>({ toMessage, extras }: MessageStream<T>): FrameEncoding<T> {
  return {
    encode: (item) => encodeFrame(toMessage(item)),
    positionOf: (item) => extras.positionOf?.(item),
    startPosition: extras.startPosition,
    get heartbeat() {
      return extras.heartbeat && encodeFrame(extras.heartbeat);
    },
  };
}

/** Of a stream whose readers begin anew when it breaks. */
export function plainEncoding<T>(toBytes: (item: T) => Uint8Array): FrameEncoding<T> {
  return { encode: (item) => toFrame(toBytes(item)), positionOf: () => undefined, startPosition: undefined, heartbeat: undefined };
}

/**
 * A server-streaming call as a sink of encoded messages.
 *
 * It writes to the HTTP/2 stream itself, behind grpc-js, which opens and ends the call as ever: grpc-js would copy every message once
 * for each reader and pass it through two more streams (measured: 5.2 against 6.6 µs of CPU for each reader of a message), and has no
 * way to reset a stream whose flow-control window is full.
 */
export class GrpcCallSink<T extends object> implements StreamSink<T> {
  private readonly http2: ServerHttp2Stream;
  private sentBytes = 0;

  constructor(
    private readonly call: ServerWritableStream<unknown, unknown>,
    private readonly encoding: FrameEncoding<T>,
  ) {
    this.http2 = http2StreamOf(call);
    countSent(this.http2, () => this.sentBytes);
    noteStream(this.http2);
    call.sendMetadata(new Metadata());
  }

  encode(item: T): Buffer {
    return this.encoding.encode(item);
  }

  positionOf(item: T): string | undefined {
    return this.encoding.positionOf(item);
  }

  get startPosition(): string | undefined {
    return this.encoding.startPosition;
  }

  get heartbeat(): Buffer | undefined {
    return this.encoding.heartbeat;
  }

  get bufferedBytes(): number {
    return this.http2.writableLength;
  }

  /** grpc-js has told the peer to go (maximum age, shutdown); it does so by closing the session to new streams. */
  get isLeaving(): boolean {
    return this.http2.session?.closed ?? true;
  }

  write(bytes: Buffer): boolean {
    // All that the stream takes to begin is begun.
    if (this.sentBytes === 0) arrivedOn(this.http2).span.settle();
    this.sentBytes += bytes.length;
    return this.http2.write(bytes);
  }

  end(): void {
    this.call.end();
  }

  fail(error: unknown): void {
    this.call.emit('error', toCallError(error));
  }

  destroy(): void {
    if (!this.http2.closed) this.http2.close(NGHTTP2_CANCEL);
  }

  onDrain(listener: () => void): void {
    this.http2.on('drain', listener);
  }

  onClose(listener: () => void): void {
    // 'cancelled' comes with the caller's cancel, with a deadline, and also after a normal end.
    this.call.once('cancelled', listener);
    this.call.once('close', listener);
  }
}
