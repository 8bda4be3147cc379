import type { JWTPayload } from 'jose';
import { parseScopesMap, toJwtPrincipal } from './jwt.mapper.js';

function scopesOf(claims: object, claim = 'scope', map?: string): string[] {
  const principal = toJwtPrincipal({ sub: 'ada', exp: 1, ...claims }, { claim, scopesByValue: parseScopesMap(map) });
  return [...(principal?.scopes ?? [])];
}

describe('the scopes of a token', () => {
  it.each([
    ['a string of OAuth', { scope: 'openid read  write' }, 'scope'],
    ['an array', { scope: ['read', 'openid', 7, null, 'write'] }, 'scope'],
    ['a path', { realm_access: { roles: ['read', 'write'] } }, 'realm_access.roles'],
    ['a claim with dots in its name', { 'https://example.org/scopes': 'read write' }, 'https://example.org/scopes'],
    ['a path through a name with dots behind it', { access: { 'gateway.v1': 'read write' } }, 'access.gateway.v1'],
  ])('are in %s', (_, claims, claim) => {
    expect(scopesOf(claims, claim)).toEqual(['read', 'write']);
  });

  it.each([
    ['no such claim', {}, 'scope'],
    ['another kind of claim', { scope: { read: true } }, 'scope'],
    ['a path into nothing', { realm_access: 'roles' }, 'realm_access.roles'],
    ['a path into null', { realm_access: null }, 'realm_access.roles'],
    ['what every object has', {}, 'constructor.name'],
    ['words of others', { scope: 'openid Admin ADMIN all *' }, 'scope'],
  ])('are none with %s', (_, claims, claim) => {
    expect(scopesOf(claims, claim)).toEqual([]);
  });

  it('are what the mapping says, and nothing else', () => {
    const map = 'Gateway User = read, write ; ops=approve,read;a=b=admin';

    expect(scopesOf({ roles: ['Gateway User'] }, 'roles', map)).toEqual(['read', 'write']);
    expect(scopesOf({ roles: ['ops', 'Gateway User'] }, 'roles', map)).toEqual(['approve', 'read', 'write']);
    expect(scopesOf({ roles: ['a=b'] }, 'roles', map)).toEqual(['admin']);
    expect(scopesOf({ roles: ['read', 'admin'] }, 'roles', map)).toEqual([]);
  });

  it.each(['ops', 'ops=', '=read', 'ops=all', 'ops=read;', 'ops=read write'])(
    'cannot be mapped by %j, which is said at the start',
    (map) => {
      expect(() => parseScopesMap(map)).toThrow(/^ACCESS_JWT_SCOPES_MAP: /);
    },
  );
});

describe('the principal of a token', () => {
  const mapping = { claim: 'scope', scopesByValue: parseScopesMap(undefined) };

  it('is its subject, with a prefix that no name in a file can have, until it expires', () => {
    expect(toJwtPrincipal({ sub: 'auth0|ada', exp: 1_700_000_000 }, mapping)).toMatchObject({
      id: 'jwt:auth0|ada',
      expiresAtMs: 1_700_000_000_000,
    });
  });

  it.each([{}, { sub: '' }, { sub: 'a\nb' }, { sub: 'x'.repeat(256) }, { sub: 7 }])('is nobody with %j', (claims) => {
    expect(toJwtPrincipal({ exp: 1, ...claims } as JWTPayload, mapping)).toBeUndefined();
  });
});
