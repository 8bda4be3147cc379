import type { Metadata } from '@grpc/grpc-js';
import { Controller } from '@nestjs/common';
import { Ctx, GrpcMethod } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import type { MessageStream } from '../../common/streams/message-stream.js';
import { SubscribeSessionEventsDto } from './event.dto.js';
import { toEventStream, toSessionStream } from './event-stream.mapper.js';
import type { GatewayEvent } from './event.model.js';
import { EventService } from './event.service.js';
import { fromLastGlobalEventId, fromSubscribeRequest } from './watch.mapper.js';

const SERVICE = 'opencode.event.EventService';

@Controller()
export class EventGrpcController {
  constructor(private readonly events: EventService) {}

  @GrpcMethod(SERVICE, 'SubscribeGlobalEvents')
  subscribeGlobalEvents(@Ctx() metadata: Metadata, @Caller() { principal }: Caller): MessageStream<GatewayEvent> {
    const after = fromLastGlobalEventId(metadata.get('last-event-id')[0]?.toString());
    return toEventStream(this.events.watchAll(principal, after), undefined, after ?? this.events.newestEventId);
  }

  @GrpcMethod(SERVICE, 'SubscribeSessionEvents')
  async subscribeSessionEvents(request: SubscribeSessionEventsDto): Promise<MessageStream<GatewayEvent>> {
    return toSessionStream(await this.events.watchSession(request.sessionId, fromSubscribeRequest(request)));
  }
}
