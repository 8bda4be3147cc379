import { Injectable } from '@nestjs/common';
import { noteSession, type Caller } from '../../common/access/caller.js';
import { may } from '../../common/access/principal.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { Refusals } from '../../common/logging/refusals.js';
import { SessionOwners } from './session.owners.js';
import { SessionService } from './session.service.js';

/** Somebody else's session. It reads as one that is not there; only code may tell them apart. */
export class ForeignSessionError extends GatewayError {
  constructor(sessionId: string) {
    const { code, message, reason, metadata } = GatewayError.notFound('session', sessionId);
    super(code, message, { reason, metadata });
  }
}

/** Lets callers at the sessions that are theirs: those of others do not exist. */
@Injectable()
export class SessionAccess {
  private readonly refusals = new Refusals();

  constructor(
    private readonly owners: SessionOwners,
    private readonly sessions: SessionService,
  ) {}

  /** @throws GatewayError NOT_FOUND for a session that is none; a ForeignSessionError for somebody else's */
  async require(sessionId: string, caller: Caller): Promise<void> {
    noteSession(caller, sessionId);
    if (may(caller.principal, 'admin')) return;
    const { standing, rootId } = await this.owners.standingOf(caller.principal, sessionId);
    if (standing === 'foreign') throw this.refuse(sessionId, caller);
    // Who only looks does not take it away from those who might work with it.
    if (standing === 'ownerless' && caller.scope !== 'read') await this.sessions.adopt(rootId, caller);
  }

  /** The caller learns nothing; who looks after the gateway does. */
  private refuse(sessionId: string, { principal, requestId }: Caller): GatewayError {
    const error = new ForeignSessionError(sessionId);
    this.refusals.record({ target: sessionId, by: principal.id, requestId }, error);
    return error;
  }
}
