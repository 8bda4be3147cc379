import type { Message } from '@bufbuild/protobuf';
import { Controller, Headers, Query } from '@nestjs/common';
import { map } from 'rxjs';
import { EventService as Rpc, type GlobalEvent } from '../../common/grpc/generated/event_pb.js';
import { RestStream } from '../../common/http/rest-reply.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { SubscribeSessionEventsDto } from './event.dto.js';
import { toGlobalEvent } from './event.mapper.js';
import { EventService } from './event.service.js';
import { fromLastEventId, fromSubscribeRequest } from './watch.mapper.js';

@Controller()
export class EventHttpController {
  constructor(private readonly events: EventService) {}

  @RestRoute(Rpc.method.subscribeGlobalEvents)
  subscribeGlobalEvents(): RestStream {
    return new RestStream(this.events.watchAll().pipe(map(toGlobalEvent)));
  }

  @RestRoute(Rpc.method.subscribeSessionEvents)
  async subscribeSessionEvents(
    @RestRequest() request: SubscribeSessionEventsDto,
    @Headers('last-event-id') header?: string,
    @Query('lastEventId') query?: string,
  ): Promise<RestStream> {
    const options = fromSubscribeRequest(request);
    const afterSequence = fromLastEventId(header ?? query) ?? options.afterSequence;
    const events$ = await this.events.watchSession(request.sessionId, { ...options, afterSequence });
    return new RestStream(events$.pipe(map(toGlobalEvent)), (message) => resumeIdOf(message, request.sessionId));
  }
}

/** Only the session's own positions: a sub-agent's events are numbered in their own session. */
function resumeIdOf(message: Message, sessionId: string): string | undefined {
  const event = message as GlobalEvent;
  return event.sequence !== undefined && event.sessionId === sessionId ? String(event.sequence) : undefined;
}
