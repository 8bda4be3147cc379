import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf, type Caller } from '../../common/access/caller.js';
import { may } from '../../common/access/principal.js';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { requestMessageOf } from '../../common/http/rest-route.js';
import { Refusals } from '../../common/logging/refusals.js';
import { isSessionId } from '../../common/validation/ids.js';
import { SessionOwners } from './session.owners.js';
import { SessionService } from './session.service.js';

/** What the contract calls the sessions that a request speaks of. */
interface Naming {
  readonly sessionId?: unknown;
  readonly parentId?: unknown;
}

/**
 * Sessions of others do not exist: whatever a request wants of one, it is not found.
 *
 * A request names its sessions in the same fields throughout the contract, so one guard is enough, and no method can forget it.
 */
@Injectable()
export class OwnershipGuard implements CanActivate {
  private readonly refusals = new Refusals();

  constructor(
    private readonly owners: SessionOwners,
    private readonly sessions: SessionService,
  ) {}

  /** @throws GatewayError NOT_FOUND */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const isHttp = context.getType() === 'http';
    const holder: object = isHttp ? context.switchToHttp().getRequest<FastifyRequest>() : context.switchToRpc().getContext<object>();
    const caller = callerOf(holder);
    if (caller === undefined || may(caller.principal, 'admin')) return true;
    const request = isHttp ? requestMessageOf(holder as FastifyRequest) : context.switchToRpc().getData<object>();
    for (const sessionId of namedIn(request)) {
      const { standing, rootId } = await this.owners.standingOf(caller.principal, sessionId);
      if (standing === 'foreign') throw this.refuse(sessionId, caller);
      // Who only looks does not take it away from those who might work with it.
      if (standing === 'ownerless' && caller.scope !== 'read') await this.sessions.adopt(rootId, caller);
    }
    return true;
  }

  /** The caller learns nothing; who looks after the gateway does. */
  private refuse(sessionId: string, { principal, requestId }: Caller): GatewayError {
    const error = GatewayError.notFound('session', sessionId);
    this.refusals.record({ target: sessionId, by: principal.id, requestId }, error);
    return error;
  }
}

/** What is no id is refused by its own name later. */
function namedIn(request: Naming | undefined): string[] {
  return [request?.sessionId, request?.parentId].filter((id): id is string => typeof id === 'string' && isSessionId(id));
}
