import { Metadata } from '@grpc/grpc-js';
import type { ExecutionContext } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { readConfig } from '../config/config.js';
import { MessageService } from '../grpc/generated/message_pb.js';
import { OpenCodeService } from '../grpc/generated/v1/opencode_service_pb.js';
import { RestRoute } from '../http/rest-route.js';
import { AccessGuard } from './access.guard.js';
import { AccessTokens } from './access-tokens.js';

const TOKEN = 'token-of-the-gateway';
const OTHER = 'token-of-the-agents!';

class Handlers {
  @RestRoute(OpenCodeService.method.health)
  @GrpcMethod(OpenCodeService.typeName, 'Health')
  health(): void {
    // Anybody may ask.
  }

  @RestRoute(MessageService.method.listMessages)
  @GrpcMethod(MessageService.typeName, 'ListMessages')
  messages(): void {
    // Only who shows a token may.
  }

  forgotten(): void {
    // Nobody said who may.
  }
}

const handlers = new Handlers();

function guard(environment: NodeJS.ProcessEnv = { ACCESS_TOKEN: TOKEN, A2A_BEARER_TOKEN: OTHER }): AccessGuard {
  const config = readConfig(environment);
  return new AccessGuard(config, new AccessTokens(config));
}

function overHttp(authorization: string | undefined, handler: () => void = handlers.messages): ExecutionContext {
  const context = {
    getType: () => 'http',
    getHandler: () => handler,
    switchToHttp: () => ({ getRequest: () => ({ headers: { authorization }, routeOptions: { url: '/nowhere' } }) }),
  };
  return context as unknown as ExecutionContext;
}

function overGrpc(authorization: string | undefined, handler: () => void = handlers.messages): ExecutionContext {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const context = { getType: () => 'rpc', getHandler: () => handler, switchToRpc: () => ({ getContext: () => metadata }) };
  return context as unknown as ExecutionContext;
}

describe.each([
  ['gRPC', overGrpc],
  ['HTTP', overHttp],
])('AccessGuard on %s', (_, over) => {
  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `Bearer  ${TOKEN}`, `Bearer ${OTHER}`])('lets in who shows %s', (authorization) => {
    expect(guard().canActivate(over(authorization))).toBe(true);
  });

  it.each([`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN.toUpperCase()}`, 'Bearer x'])(
    'refuses the wrong token of %s',
    (authorization) => {
      expect(() => guard().canActivate(over(authorization))).toThrow(
        expect.objectContaining({ code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID' }) as Error,
      );
    },
  );

  it.each([undefined, '', 'Bearer', 'Bearer ', TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN} ${TOKEN}`])(
    'misses a token in %p',
    (authorization) => {
      expect(() => guard().canActivate(over(authorization))).toThrow(
        expect.objectContaining({ code: 'UNAUTHENTICATED', reason: 'TOKEN_MISSING' }) as Error,
      );
    },
  );

  it('does not repeat the token it refuses', () => {
    expect(() => guard().canActivate(over('Bearer hunter2'))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as unknown }) as Error,
    );
  });

  it('lets everybody ask what is public', () => {
    expect(guard().canActivate(over(undefined, handlers.health))).toBe(true);
  });

  it('lets nobody call what nobody said who may call', () => {
    for (const settings of [undefined, {}]) {
      expect(() => guard(settings).canActivate(over(`Bearer ${TOKEN}`, handlers.forgotten))).toThrow(
        expect.objectContaining({ code: 'PERMISSION_DENIED' }) as Error,
      );
    }
  });

  it('lets everybody in on loopback when no token is set', () => {
    expect(guard({}).canActivate(over(undefined))).toBe(true);
  });
});

describe('AccessGuard', () => {
  it('knows only the tokens that are set', () => {
    expect(() => guard({ ACCESS_TOKEN: TOKEN }).canActivate(overHttp(`Bearer ${OTHER}`))).toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }) as Error,
    );
  });

  it('does not start when it would be open to a network by accident', () => {
    expect(() => guard({ HOST: '0.0.0.0' })).toThrow('HOST');
  });
});
