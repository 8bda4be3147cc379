import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf, type Caller } from '../../common/access/caller.js';
import { requestMessageOf } from '../../common/http/rest-route.js';
import { isSessionId } from '../../common/validation/ids.js';
import { SessionAccess } from './session.access.js';

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
  constructor(private readonly access: SessionAccess) {}

  /** @throws GatewayError NOT_FOUND */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const isHttp = context.getType() === 'http';
    const holder: object = isHttp ? context.switchToHttp().getRequest<FastifyRequest>() : context.switchToRpc().getContext<object>();
    const caller = callerOf(holder);
    if (caller === undefined) return true;
    const request = isHttp ? requestMessageOf(holder as FastifyRequest) : context.switchToRpc().getData<object>();
    const sessionIds = namedIn(request);
    return sessionIds.length === 0 || this.requireAll(sessionIds, caller);
  }

  private async requireAll(sessionIds: readonly string[], caller: Caller): Promise<true> {
    for (const sessionId of sessionIds) await this.access.require(sessionId, caller);
    return true;
  }
}

/** What is no id is refused by its own name later. */
function namedIn(request: Naming | undefined): string[] {
  return [request?.sessionId, request?.parentId].filter((id): id is string => typeof id === 'string' && isSessionId(id));
}
