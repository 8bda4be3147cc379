import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { EventHub } from '../event/event.hub.js';
import type { SessionStatus } from '../session/session.model.js';
import { SessionOwners } from '../session/session.owners.js';
import { SessionService } from '../session/session.service.js';
import { TurnRegistry } from './turn.registry.js';

/** What sessions do now, as their events and turns tell. Knows no transport. */
@Injectable()
export class StatusService {
  constructor(
    private readonly sessions: SessionService,
    private readonly owners: SessionOwners,
    private readonly hub: EventHub,
    private readonly turns: TurnRegistry,
  ) {}

  /** @throws GatewayError NOT_FOUND */
  async get(sessionId: string): Promise<SessionStatus> {
    await this.sessions.get(sessionId);
    return this.of(sessionId);
  }

  /** Sessions that are not idle and that somebody may know of, sub-agents' among them, by id. */
  list(viewer: Principal): ReadonlyMap<string, SessionStatus> {
    const ids = new Set([
      ...this.hub.busySessions().map(({ sessionId }) => sessionId),
      ...this.hub.pendingPermissions().map(({ permission }) => permission.sessionId),
      ...this.hub.pendingQuestions().map(({ question }) => question.sessionId),
      ...this.turns.activeSessionIds(),
    ]);
    return new Map([...ids].filter((id) => this.owners.shows(viewer, id)).map((id) => [id, this.of(id)]));
  }

  /** Of a session that is known to exist. What waits for somebody comes first: it is what a caller can do something about. */
  of(sessionId: string): SessionStatus {
    if (this.hub.pendingPermissions(sessionId).length > 0) return { type: 'waiting_permission' };
    if (this.hub.pendingQuestions(sessionId).length > 0) return { type: 'waiting_question' };
    for (const event of this.hub.present(sessionId)) {
      if (event.type === 'session_status' && event.sessionId === sessionId && event.status.type === 'retry') return event.status;
    }
    const isBusy = this.hub.isBusy(sessionId) || this.turns.current(sessionId) !== undefined;
    return { type: isBusy ? 'busy' : 'idle' };
  }
}
