import { create } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';
import { GlobalEventSchema } from '../../common/grpc/generated/event_pb.js';
import { MessageStream } from '../../common/streams/message-stream.js';
import { toGlobalEvent } from './event.mapper.js';
import type { GatewayEvent, SessionWatch } from './event.model.js';
import { toEventId, toGlobalEventId, toPosition } from './watch.mapper.js';

const HEARTBEAT = create(GlobalEventSchema, { event: { case: 'heartbeat', value: {} } });

/** Events as every door streams them: of a session and its sub-agents, or of all sessions. */
export function toEventStream(events$: Observable<GatewayEvent>, sessionId?: string, startPosition?: string): MessageStream<GatewayEvent> {
  return new MessageStream(events$, toGlobalEvent, {
    heartbeat: HEARTBEAT,
    positionOf: sessionId === undefined ? toGlobalEventId : (event) => toEventId(event, sessionId),
    startPosition,
  });
}

/** The events of one session as somebody watches them. */
export function toSessionStream({ sessionId, events$, startsBehind }: SessionWatch): MessageStream<GatewayEvent> {
  return toEventStream(events$, sessionId, startsBehind && toPosition(startsBehind));
}
