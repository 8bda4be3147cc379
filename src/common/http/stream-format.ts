import type { Message } from '@bufbuild/protobuf';
import { fromUnknown } from '../errors/status-table.js';
import { toStatusJson } from '../errors/status.mapper.js';
import { encodeJson } from '../grpc/encoding.js';
import { FanOutCache } from '../streams/fan-out-cache.js';

/** How a stream of messages looks on HTTP. */
export interface StreamFormat {
  readonly headers: Readonly<Record<string, string>>;
  /** Sent at once, so that the client knows it is connected. */
  readonly opening: string;
  /** A sign of life: the format's own, or the stream's, if it has one. */
  heartbeat(message: Message | undefined): Buffer | undefined;
  encode(message: Message, id: string | undefined): Buffer;
  encodeError(error: unknown): string;
}

const RECONNECT_AFTER_MS = 2_000;
const COMMENT = Buffer.from(':\n\n');

/** Bytes of a message in one format, made once however many readers get it: nearly all of them under the same id, or none. */
function cached(encode: (message: Message, id: string | undefined) => string): StreamFormat['encode'] {
  const withoutId = new FanOutCache((message: Message) => Buffer.from(encode(message, undefined)));
  const withId = new FanOutCache((_: Message) => ({ id: '', bytes: Buffer.alloc(0) }));
  return (message, id) => {
    if (id === undefined) return withoutId.get(message);
    const known = withId.get(message);
    if (known.id !== id) Object.assign(known, { id, bytes: Buffer.from(encode(message, id)) });
    return known.bytes;
  };
}

function statusJson(error: unknown): string {
  return JSON.stringify(toStatusJson(fromUnknown(error).error));
}

/** Server-sent events. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const eventStream: StreamFormat = {
  headers: {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  },
  opening: `retry: ${RECONNECT_AFTER_MS}\n\n`,
  heartbeat: () => COMMENT,
  encode: cached((message, id) => `${id === undefined ? '' : `id: ${id}\n`}data: ${encodeJson(message)}\n\n`),
  encodeError: (error) => `event: error\ndata: ${statusJson(error)}\n\n`,
};

/** One JSON object a line, as grpc-gateway frames streams: `{"result":…}`, and `{"error":…}` as the last line of a failure. */
export const jsonLines: StreamFormat = {
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' },
  opening: '',
  heartbeat: (message) => message && jsonLines.encode(message, undefined),
  encode: cached((message) => `{"result":${encodeJson(message)}}\n`),
  encodeError: (error) => `{"error":${statusJson(error)}}\n`,
};

export function wantsEventStream(accept: string | undefined): boolean {
  return accept?.includes('text/event-stream') ?? false;
}
