import { createParser } from 'eventsource-parser';

/** An event of an SSE stream as it is on the wire. */
export interface SentEvent {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly json: unknown;
}

/** Reads an answer over SSE at the pace of whoever iterates; who stops early cuts the connection. */
export async function* readEvents(url: string, init: RequestInit): AsyncGenerator<SentEvent, void, undefined> {
  const left = new AbortController();
  const response = await fetch(url, { ...init, signal: left.signal });
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
  const arrived: SentEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => void arrived.push({ id, name: event, json: JSON.parse(data) as unknown }),
  });
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body) {
      parser.feed(decoder.decode(bytes as Uint8Array, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    left.abort();
  }
}
