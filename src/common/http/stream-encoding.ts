import type { JsonStream } from '../streams/json-stream.js';
import type { MessageStream } from '../streams/message-stream.js';
import { eventStream, type StreamFormat } from './stream-format.js';

/** How the items of one stream become bytes on HTTP. */
export interface StreamEncoding<T> {
  readonly headers: Readonly<Record<string, string>>;
  /** Sent at once, so that the client knows it is connected. */
  readonly opening: string;
  readonly heartbeat: Buffer | undefined;
  encode(item: T): Buffer;
  positionOf(item: T): string | undefined;
  readonly startPosition: string | undefined;
  encodeError(error: unknown): string;
}

/** A stream of the contract in the format that the caller accepts. */
export function encodingOf<T extends object>({ toMessage, extras }: MessageStream<T>, format: StreamFormat): StreamEncoding<T> {
  const positionOf = (item: T): string | undefined => extras.positionOf?.(item);
  return {
    headers: format.headers,
    opening: format.opening,
    get heartbeat() {
      return format.heartbeat(extras.heartbeat);
    },
    encode: (item) => format.encode(toMessage(item), positionOf(item)),
    positionOf,
    startPosition: extras.startPosition,
    encodeError: (error) => format.encodeError(error),
  };
}

/** A stream of another protocol, over SSE. */
export function jsonEncodingOf<T extends object>({ wire }: JsonStream<T>): StreamEncoding<T> {
  return {
    headers: eventStream.headers,
    opening: eventStream.opening,
    heartbeat: eventStream.heartbeat(undefined),
    encode: (item) => {
      const position = wire.positionOf(item);
      return Buffer.from(`${position === undefined ? '' : `id: ${position}\n`}data: ${wire.toJson(item)}\n\n`);
    },
    positionOf: (item) => wire.positionOf(item),
    startPosition: undefined,
    encodeError: (error) => {
      const { errorEvent } = wire;
      return `${errorEvent === undefined ? '' : `event: ${errorEvent}\n`}data: ${wire.errorToJson(error)}\n\n`;
    },
  };
}
