import { create } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';
import {
  SendMessageResponseSchema,
  StreamMessagesResponseSchema,
  type SendMessageResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { MessageStream } from '../../common/streams/message-stream.js';
import { translate } from './send.mapper.js';
import { toStreamMessagesResponse } from './workspace.mapper.js';
import type { MessageChange } from './workspace.model.js';

const TURN_HEARTBEAT = create(SendMessageResponseSchema, { response: { case: 'heartbeat', value: {} } });
const MESSAGES_HEARTBEAT = create(StreamMessagesResponseSchema, { event: { case: 'heartbeat', value: {} } });

/** A turn as every door streams it. */
export function toTurnStream(turn: Parameters<typeof translate>[0]): MessageStream<SendMessageResponse> {
  return MessageStream.of(translate(turn), { heartbeat: TURN_HEARTBEAT });
}

/** Changes of messages as every door streams them. */
export function toMessagesStream(changes$: Observable<MessageChange>): MessageStream<MessageChange> {
  return new MessageStream(changes$, toStreamMessagesResponse, { heartbeat: MESSAGES_HEARTBEAT });
}
