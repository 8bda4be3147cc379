import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { may, type Principal } from '../../common/access/principal.js';
import type { Session } from '../session/session.model.js';
import { SessionOwners } from '../session/session.owners.js';
import { SessionService } from '../session/session.service.js';
import { EventHub } from './event.hub.js';
import type { GatewayEvent, SessionWatch, WatchOptions } from './event.model.js';

/** Event streams for callers. Knows no transport. */
@Injectable()
export class EventService {
  constructor(
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly owners: SessionOwners,
  ) {}

  /**
   * The events of every session that somebody may know of, after the present state of what runs, or behind an event that is still
   * kept. Files belong to no session: who may read them hears of them.
   */
  watchAll(viewer: Principal, afterEventId?: string): Observable<GatewayEvent> {
    const hears = (sessionId: string): boolean => (sessionId === '' ? may(viewer, 'files') : this.owners.shows(viewer, sessionId));
    return this.hub.watchAll({ textMode: 'accumulated', hears: may(viewer, 'admin') ? undefined : hears }, afterEventId);
  }

  /** The event behind which readers of all sessions are who begin now. */
  get newestEventId(): string | undefined {
    return this.hub.newestEventId;
  }

  /** One session's events and its sub-agents'. @throws GatewayError NOT_FOUND */
  async watchSession(sessionId: string, options: WatchOptions): Promise<SessionWatch> {
    await this.place(await this.sessions.get(sessionId));
    const startsBehind = options.after ?? this.hub.positionOf(sessionId);
    return { sessionId, events$: this.hub.watchSession(sessionId, options), startsBehind };
  }

  /** A sub-agent's events go through its root, which the hub may not know of one that was made before it listened. */
  private async place({ id, parentId }: Session): Promise<void> {
    if (this.hub.isPlaced(id)) return;
    if (parentId !== undefined) await this.place(await this.sessions.get(parentId));
    this.hub.place(id, parentId);
  }
}
