import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { map, type Observable } from 'rxjs';
import type { GlobalEvent } from '../../common/grpc/generated/event_pb.js';
import { SubscribeSessionEventsDto } from './event.dto.js';
import { toGlobalEvent } from './event.mapper.js';
import { EventService } from './event.service.js';
import { fromSubscribeRequest } from './watch.mapper.js';

const SERVICE = 'opencode.event.EventService';

@Controller()
export class EventGrpcController {
  constructor(private readonly events: EventService) {}

  @GrpcMethod(SERVICE, 'SubscribeGlobalEvents')
  subscribeGlobalEvents(): Observable<GlobalEvent> {
    return this.events.watchAll().pipe(map(toGlobalEvent));
  }

  @GrpcMethod(SERVICE, 'SubscribeSessionEvents')
  async subscribeSessionEvents(request: SubscribeSessionEventsDto): Promise<Observable<GlobalEvent>> {
    const events$ = await this.events.watchSession(request.sessionId, fromSubscribeRequest(request));
    return events$.pipe(map(toGlobalEvent));
  }
}
