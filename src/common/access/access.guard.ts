import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Metadata } from '@grpc/grpc-js';
import type { FastifyRequest } from 'fastify';
import { allowsAnonymous, CONFIG, type Config } from '../config/config.js';
import { GatewayError } from '../errors/gateway-error.js';

const PUBLIC = 'access:public';

/** Opens a handler to callers without a token. It must tell nothing that is not theirs to know. */
export const Public = (): MethodDecorator => SetMetadata(PUBLIC, true);

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function authorizationOf(context: ExecutionContext): string | undefined {
  if (context.getType() === 'http') return context.switchToHttp().getRequest<FastifyRequest>().headers.authorization;
  const [value] = context.switchToRpc().getContext<Metadata>().get('authorization');
  return value?.toString();
}

/** Lets in who shows a bearer token we know; everybody where the configuration allows anonymous callers. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly anonymous: boolean;
  private readonly tokens: readonly Buffer[];

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly reflector: Reflector,
  ) {
    this.anonymous = allowsAnonymous(config);
    this.tokens = [config.ACCESS_TOKEN, config.A2A_BEARER_TOKEN].filter((token) => token !== undefined).map(digest);
  }

  /** @throws GatewayError UNAUTHENTICATED without a valid token. */
  canActivate(context: ExecutionContext): boolean {
    if (this.anonymous || this.reflector.get<boolean | undefined>(PUBLIC, context.getHandler()) === true) return true;
    const token = /^Bearer +(\S+)$/i.exec(authorizationOf(context) ?? '')?.[1];
    if (token !== undefined && this.knows(token)) return true;
    const what = token === undefined ? 'A bearer token is required' : 'The bearer token is not valid';
    throw new GatewayError('UNAUTHENTICATED', what, { reason: token === undefined ? 'TOKEN_MISSING' : 'TOKEN_INVALID' });
  }

  /** Compares digests in constant time, and with every token, so that timing tells nothing. */
  private knows(token: string): boolean {
    const shown = digest(token);
    return this.tokens.map((known) => timingSafeEqual(known, shown)).includes(true);
  }
}
