import { TextMode as TextModeMessage, type SubscribeSessionEventsRequest } from '../../common/grpc/generated/event_pb.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { GatewayEvent, Position, TextMode, WatchOptions } from './event.model.js';

export function fromTextMode(mode: TextModeMessage): TextMode {
  return mode === TextModeMessage.DELTA ? 'delta' : 'accumulated';
}

export function fromSubscribeRequest(request: Omit<SubscribeSessionEventsRequest, '$typeName' | 'sessionId'>): WatchOptions {
  const { afterSequence, afterEventId, durableOnly, textMode } = request;
  const after = afterSequence === undefined ? undefined : { sequence: Number(afterSequence), eventId: afterEventId };
  return { textMode: fromTextMode(textMode), durableOnly, after };
}

/** Where an event source says it left off in a session. @throws GatewayError INVALID_ARGUMENT for what is no position of ours */
export function fromLastEventId(id: string | undefined): Position | undefined {
  if (id === undefined || id === '') return undefined;
  const match = /^(\d{1,15})(?:\.(evt_\w{1,64}))?$/.exec(id);
  if (match === null) throw GatewayError.invalid('Last-Event-ID', 'must be a position that a stream of this session gave');
  return { sequence: Number(match[1]), eventId: match[2] };
}

/**
 * A durable event's position for whoever follows a session: a sub-agent's is the root's and the event's own id.
 *
 * Undefined for events from behind which nobody can resume.
 */
export function toEventId({ sessionId, sequence, rootSequence, eventId }: GatewayEvent, followedId: string): string | undefined {
  if (sequence === undefined) return undefined;
  if (sessionId === followedId) return String(sequence);
  return rootSequence === undefined ? undefined : `${rootSequence}.${eventId}`;
}

/** As `fromLastEventId` reads it. */
export function toPosition({ sequence, eventId }: Position): string {
  return eventId === undefined ? String(sequence) : `${sequence}.${eventId}`;
}

/** Where an event source says it left off among all events. @throws GatewayError INVALID_ARGUMENT for what is no event's id */
export function fromLastGlobalEventId(id: string | undefined): string | undefined {
  if (id === undefined || id === '') return undefined;
  if (!/^evt_\w{1,64}$/.test(id)) throw GatewayError.invalid('Last-Event-ID', 'must be the id of an event');
  return id;
}

/** Every durable event can be resumed from when all are followed. */
export function toGlobalEventId({ sequence, eventId }: GatewayEvent): string | undefined {
  return sequence === undefined || eventId === '' ? undefined : eventId;
}
