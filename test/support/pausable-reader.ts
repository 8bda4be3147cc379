import { get, type IncomingMessage } from 'node:http';
import { create, fromBinary, fromJson, toBinary, type JsonValue } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { createParser } from 'eventsource-parser';
import {
  EventService,
  GlobalEventSchema,
  SubscribeSessionEventsRequestSchema,
  TextMode,
  type GlobalEvent,
} from '../../src/common/grpc/generated/event_pb.js';
import { methodPath, protoTypes } from '../../src/common/grpc/proto-types.js';
import type { CallError } from './door.js';
import { toCallError } from './grpc.door.js';
import { toCallError as fromStatusJson } from './rest.door.js';
import type { TestGateway } from './test-gateway.js';

/** A reader of a session's events that stops reading at the first, and goes on once it is told to. */
export interface PausableReader {
  readonly events: readonly GlobalEvent[];
  /** Resolves when the stream is over, with what ended it. */
  readonly ended: Promise<CallError | undefined>;
  resume(): void;
  leave(): void;
}

export type ReaderName = 'grpc' | 'rest';

/** Opens a stream at the door and leaves it unread. */
export function openUnread(test: TestGateway, name: ReaderName, sessionId: string, textMode: TextMode): Promise<PausableReader> {
  return name === 'grpc' ? openGrpc(test.grpcAddress, sessionId, textMode) : openEventSource(test.httpUrl, sessionId, textMode);
}

async function openGrpc(address: string, sessionId: string, textMode: TextMode): Promise<PausableReader> {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  const call = client.makeServerStreamRequest(
    methodPath(EventService.method.subscribeSessionEvents),
    (message: Uint8Array) => Buffer.from(message),
    (bytes) => fromBinary(GlobalEventSchema, bytes),
    toBinary(SubscribeSessionEventsRequestSchema, create(SubscribeSessionEventsRequestSchema, { sessionId, textMode })),
  );
  const events: GlobalEvent[] = [];
  let failure: CallError | undefined;
  call.on('error', (error: ServiceError) => (failure = toCallError(error)));
  const ended = new Promise<CallError | undefined>((resolve) => call.on('end', () => resolve(failure)));
  // grpc-js keeps everything for a client that has not begun to read, and pauses only behind a first message.
  call.on('data', (event: GlobalEvent) => events.push(event)).once('data', () => call.pause());
  await new Promise((resolve) => call.once('metadata', resolve));
  const resume = (): void => void call.resume();
  const leave = (): void => {
    call.cancel();
    client.close();
  };
  return { events, ended, resume, leave };
}

async function openEventSource(baseUrl: string, sessionId: string, textMode: TextMode): Promise<PausableReader> {
  const url = new URL(`/sessions/${sessionId}/events?text_mode=TEXT_MODE_${TextMode[textMode]}`, baseUrl);
  const events: GlobalEvent[] = [];
  const response = await new Promise<IncomingMessage>((resolve) => get(url, { headers: { accept: 'text/event-stream' } }, resolve));
  let failure: CallError | undefined;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const json = JSON.parse(data) as JsonValue;
      if (event === 'error') failure = fromStatusJson(json as unknown as Parameters<typeof fromStatusJson>[0]);
      else events.push(fromJson(GlobalEventSchema, json, { registry: protoTypes }));
    },
  });
  const ended = new Promise<CallError | undefined>((resolve) => response.once('close', () => resolve(failure)));
  response.on('error', () => undefined);
  const resume = (): void => void response.setEncoding('utf8').on('data', (text: string) => parser.feed(text));
  return { events, ended, resume, leave: () => void response.destroy() };
}
