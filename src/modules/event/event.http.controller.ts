import { Controller, Headers, Query } from '@nestjs/common';
import { EventService as Rpc } from '../../common/grpc/generated/event_pb.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { SubscribeSessionEventsDto } from './event.dto.js';
import { toEventStream } from './event-stream.mapper.js';
import type { GatewayEvent } from './event.model.js';
import { EventService } from './event.service.js';
import { fromLastEventId, fromSubscribeRequest } from './watch.mapper.js';

@Controller()
export class EventHttpController {
  constructor(private readonly events: EventService) {}

  @RestRoute(Rpc.method.subscribeGlobalEvents)
  subscribeGlobalEvents(): MessageStream<GatewayEvent> {
    return toEventStream(this.events.watchAll());
  }

  @RestRoute(Rpc.method.subscribeSessionEvents)
  async subscribeSessionEvents(
    @RestRequest() request: SubscribeSessionEventsDto,
    @Headers('last-event-id') header?: string,
    @Query('lastEventId') query?: string,
  ): Promise<MessageStream<GatewayEvent>> {
    const options = fromSubscribeRequest(request);
    const afterSequence = fromLastEventId(header ?? query) ?? options.afterSequence;
    const events$ = await this.events.watchSession(request.sessionId, { ...options, afterSequence });
    return toEventStream(events$, request.sessionId);
  }
}
