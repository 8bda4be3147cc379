import { create, fromBinary, fromJson, toBinary, type JsonValue } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import { createParser } from 'eventsource-parser';
import { Agent, request } from 'undici';
import {
  EventService,
  GlobalEventSchema,
  SubscribeSessionEventsRequestSchema,
  TextMode,
  type GlobalEvent,
} from '../../src/common/grpc/generated/event_pb.js';
import { methodPath, protoTypes } from '../../src/common/grpc/proto-types.js';

/** Where a gateway is now; another place after it was started again. */
export interface GatewayAddress {
  readonly grpcAddress: string;
  readonly httpUrl: string;
}

/** Where a reader stands: the followed session's last sequence, and the last durable event, which may be a sub-agent's. */
export interface ReaderPosition {
  readonly sequence: number;
  readonly eventId?: string;
}

export interface StreamWish {
  readonly sessionId: string;
  readonly after: ReaderPosition;
  readonly deltas: boolean;
  readonly durableOnly?: boolean;
}

/** A stream that is read no faster than it is iterated; the signal closes it. */
export type OpenStream = (gateway: GatewayAddress, wish: StreamWish, leaving: AbortSignal) => AsyncGenerator<GlobalEvent>;

function textModeOf({ deltas }: StreamWish): TextMode {
  return deltas ? TextMode.DELTA : TextMode.ACCUMULATED;
}

/** Over gRPC, resumed by `after_sequence` and `after_event_id`. */
export const openGrpc: OpenStream = async function* (gateway, wish, leaving) {
  const client = new Client(gateway.grpcAddress, credentials.createInsecure());
  const asked = create(SubscribeSessionEventsRequestSchema, {
    sessionId: wish.sessionId,
    afterSequence: BigInt(wish.after.sequence),
    ...(wish.after.eventId !== undefined && { afterEventId: wish.after.eventId }),
    textMode: textModeOf(wish),
    durableOnly: wish.durableOnly ?? false,
  });
  const call = client.makeServerStreamRequest(
    methodPath(EventService.method.subscribeSessionEvents),
    (bytes: Buffer) => bytes,
    (bytes) => fromBinary(GlobalEventSchema, bytes),
    Buffer.from(toBinary(SubscribeSessionEventsRequestSchema, asked)),
  );
  const leave = (): void => call.cancel();
  leaving.addEventListener('abort', leave);
  // A cancelled call is an error to its listeners, also when nobody iterates it any more.
  call.on('error', () => undefined);
  try {
    for await (const event of call) yield event as GlobalEvent;
  } finally {
    leaving.removeEventListener('abort', leave);
    client.close();
  }
};

/** As server-sent events, resumed by `Last-Event-ID`. */
export const openSse: OpenStream = async function* (gateway, wish, leaving) {
  const agent = new Agent();
  const url = new URL(`/sessions/${wish.sessionId}/events?text_mode=TEXT_MODE_${TextMode[textModeOf(wish)]}`, gateway.httpUrl);
  if (wish.durableOnly === true) url.searchParams.set('durable_only', 'true');
  try {
    const { sequence, eventId } = wish.after;
    const lastEventId = eventId === undefined ? String(sequence) : `${sequence}.${eventId}`;
    const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId };
    const { statusCode, body } = await request(url, { headers, dispatcher: agent, signal: leaving });
    if (statusCode !== 200) throw new Error(`${statusCode} ${await body.text()}`);
    const decoder = new TextDecoder();
    let events: GlobalEvent[] = [];
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event === 'error') throw new Error(data);
        events.push(fromJson(GlobalEventSchema, JSON.parse(data) as JsonValue, { registry: protoTypes }));
      },
    });
    for await (const chunk of body) {
      parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
      yield* events;
      events = [];
    }
  } finally {
    await agent.destroy();
  }
};
