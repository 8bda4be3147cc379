import { Logger } from '@nestjs/common';
import { readConfig } from '../config/config.js';
import { FailedAccess } from '../limits/failed-access.js';
import { PrincipalRate } from '../limits/principal-rate.js';
import { Admission } from './admission.js';
import { ANONYMOUS } from './principal.js';
import { Principals } from './principals.js';

const TOKEN = 'token-of-the-gateway';
const OTHER = 'token-of-the-agents!';

function admission(environment: NodeJS.ProcessEnv = { ACCESS_TOKEN: TOKEN, A2A_BEARER_TOKEN: OTHER }): Admission {
  const limits = { rate: new PrincipalRate(0), failures: new FailedAccess(0) };
  return new Admission(new Principals(readConfig(environment)), limits);
}

function shown(authorization?: string) {
  return { authorization, requestId: 'r1', peer: '127.0.0.1', target: 'opencode.x.Service/Method' };
}

// What is refused leaves a line.
beforeEach(() => void jest.spyOn(Logger.prototype, 'log').mockImplementation());
afterEach(() => jest.restoreAllMocks());

describe('Admission', () => {
  it.each([
    [`Bearer ${TOKEN}`, 'access-token'],
    [`bearer ${TOKEN}`, 'access-token'],
    [`Bearer  ${TOKEN}`, 'access-token'],
    [`Bearer ${OTHER}`, 'a2a'],
  ])('lets in who shows %s', async (authorization, id) => {
    await expect(admission().admit(shown(authorization), 'read')).resolves.toMatchObject({ principal: { id } });
  });

  it.each([`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN.toUpperCase()}`, 'Bearer x'])(
    'refuses the wrong token of %s',
    async (authorization) => {
      await expect(admission().admit(shown(authorization), 'read')).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        reason: 'TOKEN_INVALID',
      });
    },
  );

  it.each([undefined, '', 'Bearer', 'Bearer ', TOKEN, `Basic ${TOKEN}`, `Bearer ${TOKEN} ${TOKEN}`])(
    'misses a token in %p',
    async (authorization) => {
      await expect(admission().admit(shown(authorization), 'read')).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
        reason: 'TOKEN_MISSING',
      });
    },
  );

  it('does not repeat the token it refuses', async () => {
    await expect(admission().admit(shown('Bearer hunter2'), 'read')).rejects.toMatchObject({
      message: expect.not.stringContaining('hunter2') as unknown,
    });
  });

  it('asks nobody for what is open', async () => {
    await expect(admission().admit(shown(), 'open')).resolves.toBeUndefined();
  });

  it.each([undefined, {}])('lets nobody call what nobody said who may call (%p)', async (environment) => {
    await expect(admission(environment).admit(shown(`Bearer ${TOKEN}`), undefined)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('lets everybody in on loopback when no token is set', async () => {
    await expect(admission({}).admit(shown(), 'admin')).resolves.toMatchObject({ principal: ANONYMOUS });
  });

  it('knows only the tokens that are set', async () => {
    await expect(admission({ ACCESS_TOKEN: TOKEN }).admit(shown(`Bearer ${OTHER}`), 'read')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('does not start when it would be open to a network by accident', () => {
    expect(() => admission({ HOST: '0.0.0.0' })).toThrow('HOST');
  });
});
