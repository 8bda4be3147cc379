import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Metadata } from '@grpc/grpc-js';
import type { FastifyRequest } from 'fastify';
import { allowsAnonymous, CONFIG, type Config } from '../config/config.js';
import { GatewayError } from '../errors/gateway-error.js';
import { methodOfHandler } from '../grpc/handler-method.js';
import { restMethodOf } from '../http/rest-route.js';
import { AccessTokens } from './access-tokens.js';
import { ANONYMOUS, may, setPrincipal, type Principal } from './principal.js';
import { requirementOf, ROUTE_SCOPES, type Requirement } from './scopes.js';

/** What a call shows, and what it needs. */
interface Call {
  /** Where it is noted who calls: the HTTP request, or the call's metadata. */
  readonly holder: object;
  readonly authorization: string | undefined;
  /** Undefined for what nobody says: it is refused. */
  readonly requirement: Requirement | undefined;
}

/** Lets in who shows a token that we know and that may do what is called; everybody where the configuration allows anonymous callers. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly anonymous: boolean;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly tokens: AccessTokens,
  ) {
    this.anonymous = allowsAnonymous(config);
  }

  /** @throws GatewayError UNAUTHENTICATED without a valid token; PERMISSION_DENIED without the scope. */
  canActivate(context: ExecutionContext): boolean {
    const { holder, authorization, requirement } = callOf(context);
    if (requirement === 'open') return true;
    const principal = this.anonymous ? ANONYMOUS : this.authenticate(authorization);
    if (requirement === undefined || !may(principal, requirement)) throw lacking(requirement);
    setPrincipal(holder, principal);
    return true;
  }

  private authenticate(authorization = ''): Principal {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const principal = token === undefined ? undefined : this.tokens.find(token);
    if (principal !== undefined) return principal;
    const what = token === undefined ? 'A bearer token is required' : 'The bearer token is not valid';
    throw new GatewayError('UNAUTHENTICATED', what, { reason: token === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID' });
  }
}

function callOf(context: ExecutionContext): Call {
  const handler = context.getHandler();
  if (context.getType() === 'http') {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const method = restMethodOf(handler);
    const requirement = method === undefined ? ROUTE_SCOPES[request.routeOptions.url ?? ''] : requirementOf(method);
    return { holder: request, authorization: request.headers.authorization, requirement };
  }
  const metadata = context.switchToRpc().getContext<Metadata>();
  const [authorization] = metadata.get('authorization');
  const method = methodOfHandler(handler);
  return { holder: metadata, authorization: authorization?.toString(), requirement: method && requirementOf(method) };
}

function lacking(scope: Requirement | undefined): GatewayError {
  if (scope === undefined) return new GatewayError('PERMISSION_DENIED', 'Nobody may call this', { reason: 'SCOPE_MISSING' });
  return new GatewayError('PERMISSION_DENIED', `This needs a token with the scope ${scope}`, {
    reason: 'SCOPE_MISSING',
    metadata: { scope },
  });
}
