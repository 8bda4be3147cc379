import { TextMode as TextModeMessage, type SubscribeSessionEventsRequest } from '../../common/grpc/generated/event_pb.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import type { TextMode, WatchOptions } from './event.model.js';

export function fromTextMode(mode: TextModeMessage): TextMode {
  return mode === TextModeMessage.DELTA ? 'delta' : 'accumulated';
}

export function fromSubscribeRequest(
  request: Pick<SubscribeSessionEventsRequest, 'afterSequence' | 'durableOnly' | 'textMode'>,
): WatchOptions {
  const { afterSequence, durableOnly, textMode } = request;
  return { textMode: fromTextMode(textMode), durableOnly, afterSequence: afterSequence === undefined ? undefined : Number(afterSequence) };
}

/** Where an event source says it left off. @throws GatewayError INVALID_ARGUMENT for what is no position of ours */
export function fromLastEventId(id: string | undefined): number | undefined {
  if (id === undefined || id === '') return undefined;
  if (!/^\d{1,15}$/.test(id)) throw GatewayError.invalid('Last-Event-ID', 'must be a sequence number');
  return Number(id);
}
