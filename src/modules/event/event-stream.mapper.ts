import { create } from '@bufbuild/protobuf';
import type { Observable } from 'rxjs';
import { GlobalEventSchema } from '../../common/grpc/generated/event_pb.js';
import { MessageStream } from '../../common/streams/message-stream.js';
import { toGlobalEvent } from './event.mapper.js';
import type { GatewayEvent } from './event.model.js';

const HEARTBEAT = create(GlobalEventSchema, { event: { case: 'heartbeat', value: {} } });

/**
 * Events as every door streams them.
 *
 * @param sessionId whose positions a reader can resume from; a sub-agent's events are numbered in their own session
 */
export function toEventStream(events$: Observable<GatewayEvent>, sessionId?: string): MessageStream<GatewayEvent> {
  return new MessageStream(events$, toGlobalEvent, {
    heartbeat: HEARTBEAT,
    positionOf: (event) => (event.sequence !== undefined && event.sessionId === sessionId ? String(event.sequence) : undefined),
  });
}
