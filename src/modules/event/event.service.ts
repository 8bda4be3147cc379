import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { SessionService } from '../session/session.service.js';
import { EventHub } from './event.hub.js';
import type { GatewayEvent, WatchOptions } from './event.model.js';

/** Event streams for callers. Knows no transport. */
@Injectable()
export class EventService {
  constructor(
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
  ) {}

  /** Every session's events, after the present state of what runs. */
  watchAll(): Observable<GatewayEvent> {
    return this.hub.watchAll('accumulated');
  }

  /** One session's events and its sub-agents'. @throws GatewayError NOT_FOUND */
  async watchSession(sessionId: string, options: WatchOptions): Promise<Observable<GatewayEvent>> {
    await this.sessions.get(sessionId);
    return this.hub.watchSession(sessionId, options);
  }
}
