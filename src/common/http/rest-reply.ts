import type { Message } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';

/** A message with what only HTTP can add: another status than 200, headers. */
export class RestReply {
  constructor(
    readonly message: Message,
    readonly options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {}
}

/**
 * A stream of messages as the answer of a REST call; the HTTP adapter writes it as SSE or as JSON lines.
 *
 * A handler returns it after everything that can be refused was checked, so that a refusal is a plain HTTP error.
 */
export class RestStream {
  constructor(
    readonly messages$: Observable<Message>,
    /** SSE `id:` of a message, given only where a client can resume from it. */
    readonly idOf?: (message: Message) => string | undefined,
  ) {}
}
