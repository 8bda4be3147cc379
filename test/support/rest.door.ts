import {
  create,
  fromJson,
  toJson,
  type DescMessage,
  type DescMethod,
  type JsonObject,
  type JsonValue,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf';
import { createParser } from 'eventsource-parser';
import { Agent, request as httpRequest } from 'undici';
import { protoTypes } from '../../src/common/grpc/proto-types.js';
import { restRoutesOf } from '../../src/common/http/rest-rule.js';
import { AsyncQueue, CallError, type ClientTls, type Door, type DoorStream, type Streaming, type Unary } from './door.js';

interface StatusJson {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly reason?: string;
    readonly metadata?: Record<string, string>;
    readonly fieldViolations?: readonly { readonly field: string }[];
  }[];
}

export function toCallError({ code, message, details }: StatusJson): CallError {
  const info = details.find((detail) => detail.reason !== undefined);
  const fields = details.flatMap((detail) => detail.fieldViolations ?? []).map(({ field }) => field);
  return new CallError(code, message, info?.reason ?? '', fields, info?.metadata);
}

/** The REST door: requests are put on the wire by the contract's own routes. */
export class RestDoor implements Door {
  readonly name = 'REST';
  private readonly agent: Agent;

  constructor(
    private readonly baseUrl: string,
    private readonly token?: string,
    tls?: ClientTls,
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {
    // A stream may be silent for as long as it likes. A connection rests for less than a stop's delay: one that rested longer would be
    // closed by the gateway, perhaps just when something is sent over it.
    this.agent = new Agent({ connections: 200, bodyTimeout: 0, keepAliveMaxTimeout: 1_000, ...(tls && { connect: { ca: tls.ca } }) });
  }

  async call<I extends DescMessage, O extends DescMessage>(method: Unary<I, O>, request: MessageInitShape<I>): Promise<MessageShape<O>> {
    const { statusCode, body } = await this.send(method, request, 'application/json');
    const json = JSON.parse(await body.text()) as JsonValue;
    if (statusCode >= 400) throw toCallError(json as unknown as StatusJson);
    return fromJson(method.output, json, { registry: protoTypes });
  }

  stream<I extends DescMessage, O extends DescMessage>(method: Streaming<I, O>, request: MessageInitShape<I>): DoorStream<MessageShape<O>> {
    const queue = new AsyncQueue<MessageShape<O>>();
    const leaving = new AbortController();
    void this.read(method, request, queue, leaving.signal).catch((error: unknown) =>
      queue.end(leaving.signal.aborted ? undefined : toError(error)),
    );
    return { [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](), cancel: () => leaving.abort() };
  }

  close(): void {
    this.agent.destroy().catch(() => undefined);
  }

  private async read<I extends DescMessage, O extends DescMessage>(
    method: Streaming<I, O>,
    request: MessageInitShape<I>,
    queue: AsyncQueue<MessageShape<O>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { statusCode, body } = await this.send(method, request, 'text/event-stream', signal);
    if (statusCode >= 400) throw toCallError(JSON.parse(await body.text()) as StatusJson);
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'error') queue.end(toCallError(JSON.parse(data) as StatusJson));
        else queue.push(fromJson(method.output, JSON.parse(data) as JsonValue, { registry: protoTypes }));
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of body) parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
    queue.end();
  }

  private async send<I extends DescMessage>(
    method: DescMethod & { readonly input: I },
    init: MessageInitShape<I>,
    accept: string,
    signal?: AbortSignal,
  ) {
    const [route] = restRoutesOf(method);
    if (route === undefined) throw new Error(`${method.name} has no route`);
    const json = toJson(method.input, create(method.input, init), { registry: protoTypes }) as JsonObject;
    const path = route.path.replace('*', `:${route.wildcard ?? ''}`).replaceAll(/:(\w+)/g, (_, name: string) => {
      const { jsonName } = method.input.field[fieldKey(name)] ?? { jsonName: name };
      const value = json[jsonName] ?? '';
      delete json[jsonName];
      return encodeURIComponent(asText(value));
    });
    const url = new URL(path, this.baseUrl);
    if (route.body === '') addQuery(url, json);
    return httpRequest(url, {
      method: route.verb.toUpperCase() as 'GET',
      headers: {
        accept,
        ...this.headers,
        ...(route.body !== '' && { 'content-type': 'application/json' }),
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
      },
      dispatcher: this.agent,
      ...(route.body !== '' && { body: JSON.stringify(json) }),
      ...(signal !== undefined && { signal }),
    });
  }
}

/** Node's own errors are none to `instanceof` under jest, and a broken stream must not look like one that ended. */
function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** `session_id` → `sessionId`: fields are kept by their local name. */
function fieldKey(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function addQuery(url: URL, json: JsonObject, prefix = ''): void {
  for (const [name, value] of Object.entries(json)) {
    if (name === 'labels')
      for (const [key, label] of Object.entries(value as JsonObject)) url.searchParams.set(`labels[${key}]`, asText(label));
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) addQuery(url, value, `${prefix}${name}.`);
    else if (Array.isArray(value)) for (const item of value) url.searchParams.append(`${prefix}${name}`, asText(item));
    else url.searchParams.set(`${prefix}${name}`, asText(value));
  }
}
