import { Logger } from '@nestjs/common';
import { eventually } from '../../../test/support/eventually.js';
import { inSeconds, tampered, TokenIssuer } from '../../../test/support/token-issuer.js';
import { readConfig } from '../config/config.js';
import { FailedAccess } from '../limits/failed-access.js';
import { PrincipalRate } from '../limits/principal-rate.js';
import { Admission } from './admission.js';
import { Principals } from './principals.js';

let issuer: TokenIssuer;
let forger: TokenIssuer;
let principals: Principals;

beforeAll(async () => {
  Logger.overrideLogger(false);
  issuer = await TokenIssuer.start('RS256');
  forger = await TokenIssuer.start('RS256');
  principals = new Principals(readConfig(issuer.settings));
});

afterAll(async () => {
  principals.onModuleDestroy();
  await issuer.stop();
  await forger.stop();
});

async function admit(token: string) {
  const limits = { rate: new PrincipalRate(0), failures: new FailedAccess(0) };
  return new Admission(principals, limits).admit(
    { authorization: `Bearer ${token}`, peer: '127.0.0.1', requestId: 'r1', target: 'x' },
    'read',
  );
}

describe('a JSON Web Token', () => {
  it('says who calls and what they may do', async () => {
    await expect(admit(await issuer.sign())).resolves.toMatchObject({
      principal: { id: 'jwt:ada', scopes: new Set(['read', 'write']) },
    });
  });

  it('may be for others too', async () => {
    await expect(admit(await issuer.sign({ aud: ['others', 'opencode-gateway'] }))).resolves.toBeDefined();
  });

  it('gives no scope that it does not name', async () => {
    const refusal = { code: 'PERMISSION_DENIED', reason: 'SCOPE_MISSING' };

    await expect(admit(await issuer.sign({ scope: 'openid write' }))).rejects.toMatchObject(refusal);
    await expect(admit(await issuer.sign({ scope: undefined }))).rejects.toMatchObject(refusal);
  });

  it('is good as soon as it is made, though its clock be a little ahead of ours', async () => {
    await expect(admit(await issuer.sign({ nbf: inSeconds(3) }))).resolves.toBeDefined();
  });

  it.each<[string, () => string | Promise<string>]>([
    ['has expired', () => issuer.sign({ exp: inSeconds(-1) })],
    ['never expires', () => issuer.sign({ exp: undefined })],
    ['is not valid yet', () => issuer.sign({ nbf: inSeconds(60) })],
    ['is for another audience', () => issuer.sign({ aud: 'others' })],
    ['is for nobody', () => issuer.sign({ aud: undefined })],
    ['is of another issuer', () => issuer.sign({ iss: 'https://issuer.example' })],
    ['is of no issuer', () => issuer.sign({ iss: undefined })],
    ['has no subject', () => issuer.sign({ sub: undefined })],
    ['is not signed', () => issuer.unsigned()],
    ['is signed with the public key', () => issuer.signedWithPublicKey()],
    ['is of a key that nobody knows', () => issuer.sign({}, { kid: 'made-up' })],
    ['is of a forger who says to be the issuer', () => forger.sign({ iss: issuer.url })],
    ['brings its own key', async () => forger.sign({ iss: issuer.url }, { jwk: (await forger.jwks()).keys[0] })],
    ['says where its own key is', () => forger.sign({ iss: issuer.url }, { jku: `${forger.url}/jwks.json` })],
    ['wants what nobody knows', () => issuer.sign({}, { crit: ['exp'], exp: 1 })],
    ['was changed', async () => tampered(await issuer.sign(), { scope: 'admin' })],
    ['has lost its signature', async () => (await issuer.sign()).replace(/[^.]+$/, '')],
    ['is no JSON', () => 'e30.bm9wZQ.c2ln'],
    ['has an empty header', () => '.e30.c2ln'],
  ])('is refused when it %s, and not repeated', async (_, make) => {
    const token = await make();

    const error = await admit(token).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', reason: 'TOKEN_INVALID', message: 'The bearer token is not valid' });
    expect(forger.requests).toBe(0);
    expect(JSON.stringify(error)).not.toContain(token.slice(0, 20));
  });

  it('is worth as much as its issuer when that cannot be asked', async () => {
    const other = await TokenIssuer.start();
    const config = readConfig(other.settings);
    const token = await other.sign();
    await other.stop();
    const ailing = new Principals(config);

    await expect(ailing.find({ token })).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'KEYS_UNAVAILABLE' });
    ailing.onModuleDestroy();
  });

  it('makes a principal that is valid until the token expires, where it was made', async () => {
    const principal = await principals.find({ token: await issuer.sign({ exp: inSeconds(3) }) });
    if (principal === undefined) throw new Error('nobody was found');

    expect(principals.isValid(principal)).toBe(true);
    expect(principals.isValid({ ...principal })).toBe(false);
    await eventually(() => !principals.isValid(principal));
  });

  it('leaves the other tokens as they are', async () => {
    const token = 'a-token.that-is.long-enough';
    const both = new Principals(readConfig({ ...issuer.settings, ACCESS_TOKEN: token }));

    await expect(both.find({ token })).resolves.toMatchObject({ id: 'access-token' });
    await expect(both.find({ token: await issuer.sign() })).resolves.toMatchObject({ id: 'jwt:ada' });
    await expect(both.find({})).resolves.toBeUndefined();
    both.onModuleDestroy();
  });
});
