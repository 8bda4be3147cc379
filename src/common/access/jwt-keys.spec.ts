import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { eventually } from '../../../test/support/eventually.js';
import { TokenIssuer } from '../../../test/support/token-issuer.js';
import { JwtKeys, type KeyPace } from './jwt-keys.js';

const SELDOM: KeyPace = { readEveryMs: 3_600_000, cooldownMs: 3_600_000, timeLimitMs: 3_600_000 };
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'KEYS_UNAVAILABLE' };
const UNKNOWN = { code: 'ERR_JWKS_NO_MATCHING_KEY' };

let issuer: TokenIssuer;
let keys: JwtKeys | undefined;

beforeAll(() => void Logger.overrideLogger(false));

beforeEach(async () => {
  issuer = await TokenIssuer.start();
});

afterEach(async () => {
  keys?.close();
  await issuer.stop();
});

function open(pace: Partial<KeyPace> = {}, url = issuer.url): JwtKeys {
  keys = new JwtKeys(url, { ...SELDOM, ...pace });
  return keys;
}

async function find(token: string) {
  return keys?.find(decodeProtectedHeader(token), { payload: '', signature: '' });
}

async function findEach(tokens: readonly string[]): Promise<unknown[]> {
  return Promise.all(tokens.map((token) => find(token).catch((error: unknown) => error)));
}

describe('the keys of an issuer', () => {
  it('are read once, however many ask before they are there', async () => {
    const token = await issuer.sign();
    open();

    const found = await findEach(Array.from({ length: 100 }, () => token));

    expect(new Set(found).size).toBe(1);
    expect(found[0]).toMatchObject({ type: 'public' });
    expect(issuer.requests).toBe(1);
  });

  it('are read again for a token of a new one', async () => {
    open({ cooldownMs: 0 });
    await find(await issuer.sign());

    await issuer.rotate();

    await expect(find(await issuer.sign())).resolves.toMatchObject({ type: 'public' });
    expect(issuer.requests).toBe(2);
  });

  it('are not asked for again and again by tokens of keys that nobody knows', async () => {
    open();
    await find(await issuer.sign());
    const unknown = await Promise.all(Array.from({ length: 50 }, (_, index) => issuer.sign({}, { kid: `made-up-${index}` })));

    const found = [...(await findEach(unknown)), ...(await findEach(unknown))];

    expect(found).toEqual(Array.from({ length: 100 }, () => expect.objectContaining(UNKNOWN)));
    expect(issuer.requests).toBe(1);
  });

  it('are read again by themselves, so that one that was taken away is good no longer', async () => {
    const old = await issuer.sign();
    open({ readEveryMs: 20 });
    await find(old);

    await issuer.rotate();

    await eventually(async () => (await findEach([old]))[0] instanceof Error);
    await expect(find(old)).rejects.toMatchObject(UNKNOWN);
  });

  it.each(['fails', 'talks nonsense', 'redirects'] as const)('stay when the issuer %s', async (mode) => {
    const [known, unknown] = [await issuer.sign(), await issuer.sign({}, { kid: 'new' })];
    open({ cooldownMs: 0 });
    await find(known);

    issuer.mode = mode;

    await expect(find(unknown)).rejects.toMatchObject(UNAVAILABLE);
    await expect(find(known)).resolves.toMatchObject({ type: 'public' });
  });

  it('stay when the issuer is gone, and come back with it', async () => {
    const [known, unknown] = [await issuer.sign(), await issuer.sign({}, { kid: 'new' })];
    open({ cooldownMs: 0, timeLimitMs: 1_000 });
    await find(known);
    issuer.mode = 'hangs';
    const during = await findEach([unknown, known]);

    issuer.mode = 'answers';

    expect(during).toMatchObject([UNAVAILABLE, { type: 'public' }]);
    await expect(find(unknown)).rejects.toMatchObject(UNKNOWN);
  });

  it('do not make a call wait that has its key, while the issuer hangs', async () => {
    const known = await issuer.sign();
    open({ readEveryMs: 20 });
    await find(known);

    issuer.mode = 'hangs';
    const before = issuer.requests;
    await eventually(() => issuer.requests > before);

    await expect(Promise.race([find(known), pause(5_000, 'waits', { ref: false })])).resolves.toMatchObject({ type: 'public' });
  });

  it('are not asked for by every call while the issuer ails', async () => {
    issuer.mode = 'fails';
    open();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.sign()));

    const found = [...(await findEach(tokens)), ...(await findEach(tokens))];

    expect(found).toEqual(Array.from({ length: 40 }, () => expect.objectContaining(UNAVAILABLE)));
    expect(issuer.requests).toBe(1);
  });

  it('may be in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jwks-'));
    const file = join(folder, 'jwks.json');
    writeFileSync(file, JSON.stringify(await issuer.jwks()));

    open({ cooldownMs: 0 }, pathToFileURL(file).href);

    await expect(find(await issuer.sign())).resolves.toMatchObject({ type: 'public' });
    rmSync(folder, { recursive: true });
    await expect(find(await issuer.sign({}, { kid: 'new' }))).rejects.toMatchObject(UNAVAILABLE);
    expect(issuer.requests).toBe(0);
  });

  it('report once that they cannot be read', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    issuer.mode = 'fails';

    open({ readEveryMs: 5 });
    await eventually(() => issuer.requests > 5);

    expect(errors.mock.calls).toEqual([[`ACCESS_JWT_JWKS_URL: ${issuer.url} cannot be read (status 503); keys that are known stay`]]);
    errors.mockRestore();
  });
});
