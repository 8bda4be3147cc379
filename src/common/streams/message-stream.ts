import type { Message } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';

/** What not every stream has. */
export interface StreamExtras<T> {
  /** Where a reader that had this item last can resume; undefined: not there. Over SSE the item's `id:`. */
  readonly positionOf?: (item: T) => string | undefined;
  /** Where a reader can resume that got no such item yet. */
  readonly startPosition?: string | undefined;
  /** Sent when nothing else was for a while. SSE has comments for that. */
  readonly heartbeat?: Message;
}

/**
 * A stream as a handler's answer, on every door: what happens, and the message each item is told as.
 *
 * The message is made where it is written, not by an operator on the way: an operator costs every reader of every event.
 * A handler returns it after everything that can be refused was checked, so that over HTTP a refusal is a plain error.
 */
export class MessageStream<T extends object = object> {
  constructor(
    readonly source$: Observable<T>,
    readonly toMessage: (item: T) => Message,
    readonly extras: StreamExtras<T> = {},
  ) {}

  /** A stream of what are messages already. */
  static of<T extends Message>(messages$: Observable<T>, extras: StreamExtras<T> = {}): MessageStream<T> {
    return new MessageStream(messages$, (message) => message, extras);
  }
}
