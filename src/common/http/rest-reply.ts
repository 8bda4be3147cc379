import type { Message } from '@bufbuild/protobuf';

/** A message with what only HTTP can add: another status than 200, headers. */
export class RestReply {
  constructor(
    readonly message: Message,
    readonly options: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {}
}
