import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/access/principal.js';
import { AskAnswers } from '../../common/asks/ask-answers.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Audit, type Actor } from '../../common/logging/audit.js';
import { OpencodePool } from '../../common/opencode/opencode.pool.js';
import { EventHub } from '../event/event.hub.js';
import { SessionOwners } from '../session/session.owners.js';
import { SessionService } from '../session/session.service.js';
import type { Permission, PermissionAnswer } from './permission.model.js';

/** What agents ask leave for. Knows no transport. */
@Injectable()
export class PermissionService {
  private readonly audit = new Audit();

  constructor(
    private readonly pool: OpencodePool,
    private readonly hub: EventHub,
    private readonly sessions: SessionService,
    private readonly owners: SessionOwners,
    private readonly answers: AskAnswers,
  ) {}

  /** What waits for an answer: of one session and its sub-agents, or of all that somebody may know of. @throws GatewayError NOT_FOUND */
  async list(sessionId: string | undefined, viewer: Principal): Promise<Permission[]> {
    if (sessionId !== undefined) await this.sessions.get(sessionId);
    const asked = this.hub.pendingPermissions(sessionId).map(({ permission }) => permission);
    return asked.filter(({ sessionId: askingId }) => this.owners.shows(viewer, askingId));
  }

  /**
   * Answers a request of the session or of one of its sub-agents.
   *
   * OpenCode itself takes another session's id for a permission, so whose it is is checked here.
   *
   * @throws GatewayError NOT_FOUND when the session has no such request, or no longer.
   */
  async answer({ sessionId, permissionId, reply, message }: PermissionAnswer, by: Actor): Promise<void> {
    await this.audit.carryOut({ action: 'permission.answer', target: `${sessionId}/${permissionId}`, by }, reply, async (act) => {
      await this.sessions.get(sessionId);
      const asked = this.hub.pendingPermissions(sessionId).find(({ permission }) => permission.id === permissionId);
      if (asked === undefined) throw GatewayError.notFound('permission', permissionId);
      act.target = `${asked.permission.sessionId}/${permissionId}/${asked.permission.type}`;
      const { client } = this.pool.forSession(sessionId);
      await this.answers.carry({ kind: 'permission', id: permissionId, answer: reply, by }, () =>
        client.replyToPermission(permissionId, asked.directory, reply, message),
      );
    });
  }
}
