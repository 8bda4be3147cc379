import { Controller, Headers, Query } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { EventService as Rpc } from '../../common/grpc/generated/event_pb.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { SubscribeSessionEventsDto } from './event.dto.js';
import { toEventStream, toSessionStream } from './event-stream.mapper.js';
import type { GatewayEvent } from './event.model.js';
import { EventService } from './event.service.js';
import { fromLastEventId, fromLastGlobalEventId, fromSubscribeRequest } from './watch.mapper.js';

@Controller()
export class EventHttpController {
  constructor(private readonly events: EventService) {}

  @RestRoute(Rpc.method.subscribeGlobalEvents)
  subscribeGlobalEvents(
    @Caller() { principal }: Caller,
    @Headers('last-event-id') header?: string,
    @Query('lastEventId') query?: string,
  ): MessageStream<GatewayEvent> {
    const after = fromLastGlobalEventId(header ?? query);
    return toEventStream(this.events.watchAll(principal, after), undefined, after ?? this.events.newestEventId);
  }

  @RestRoute(Rpc.method.subscribeSessionEvents)
  async subscribeSessionEvents(
    @RestRequest() request: SubscribeSessionEventsDto,
    @Headers('last-event-id') header?: string,
    @Query('lastEventId') query?: string,
  ): Promise<MessageStream<GatewayEvent>> {
    const options = fromSubscribeRequest(request);
    const after = fromLastEventId(header ?? query) ?? options.after;
    return toSessionStream(await this.events.watchSession(request.sessionId, { ...options, after }));
  }
}
