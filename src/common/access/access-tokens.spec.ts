import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { eventually } from '../../../test/support/eventually.js';
import { readConfig } from '../config/config.js';
import { AccessTokens } from './access-tokens.js';

const TOKEN = 'a-token-long-enough';
const OTHER = 'another-token-of-it';

let folder: string;
let path: string;
let tokens: AccessTokens | undefined;

beforeAll(() => void Logger.overrideLogger(false));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tokens-'));
  path = join(folder, 'tokens.json');
});

afterEach(() => {
  tokens?.close();
  tokens = undefined;
  rmSync(folder, { recursive: true });
});

function entry(change: object = {}) {
  return { name: 'ci', sha256: createHash('sha256').update(TOKEN).digest('hex'), scopes: ['read', 'write'], ...change };
}

/** As secrets are changed: whole, by a new name. */
function write(...entries: readonly object[]): void {
  writeFileSync(`${path}.new`, JSON.stringify({ tokens: entries }));
  renameSync(`${path}.new`, path);
}

function open(): AccessTokens {
  tokens = new AccessTokens(readConfig({ ACCESS_TOKENS_FILE: path }));
  return tokens;
}

describe('the tokens of a file', () => {
  it('have names and scopes', () => {
    write(entry(), entry({ name: 'admin', sha256: createHash('sha256').update(OTHER).digest('hex'), scopes: ['admin'] }));

    expect(open().find({ token: TOKEN })).toMatchObject({ id: 'ci', scopes: new Set(['read', 'write']) });
    expect(tokens?.find({ token: OTHER })).toMatchObject({ id: 'admin', scopes: new Set(['admin']) });
    expect(tokens?.find({ token: `${TOKEN}x` })).toBeUndefined();
  });

  it('are worth nothing once they have expired', () => {
    write(entry({ expires: new Date(Date.now() - 1_000).toISOString() }));

    expect(open().find({ token: TOKEN })).toBeUndefined();
  });

  it('end when they are taken away or changed, and only then', async () => {
    write(entry(), entry({ name: 'other', sha256: createHash('sha256').update(OTHER).digest('hex') }));
    const [first, other] = [open().find({ token: TOKEN }), tokens?.find({ token: OTHER })];
    if (first === undefined || other === undefined) throw new Error('the tokens are not known');

    write(entry(), entry({ name: 'other', sha256: createHash('sha256').update(OTHER).digest('hex'), scopes: ['read'] }));
    await eventually(() => tokens?.isValid(other) === false);

    expect(tokens?.isValid(first)).toBe(true);
    expect(tokens?.find({ token: OTHER })?.scopes).toEqual(new Set(['read']));
  });

  it('stay when the file is spoiled', async () => {
    write(entry());
    const known = open().find({ token: TOKEN });

    writeFileSync(path, '{');
    await new Promise((resolve) => setTimeout(resolve, 2_500));

    expect(tokens?.find({ token: TOKEN })).toBe(known);
  });

  it('stay when the file goes away, which is said once', async () => {
    write(entry());
    const known = open().find({ token: TOKEN });
    const errors = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);

    rmSync(path);
    await eventually(() => errors.mock.calls.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect(tokens?.find({ token: TOKEN })).toBe(known);
    expect(errors).toHaveBeenCalledTimes(1);
    errors.mockRestore();
  });

  it.each([
    ['no JSON', '{', /is not JSON/],
    ['no list', '{}', /tokens/],
    ['no hash', JSON.stringify({ tokens: [entry({ sha256: TOKEN })] }), /tokens\.0\.sha256: must be 64 hexadecimal digits/],
    ['another scope', JSON.stringify({ tokens: [entry({ scopes: ['all'] })] }), /tokens\.0\.scopes/],
    ['something unknown', JSON.stringify({ tokens: [entry({ token: TOKEN })] }), /tokens\.0/],
    ['the same token twice', JSON.stringify({ tokens: [entry(), entry({ name: 'other' })] }), /the token of other has another name too/],
    ['the same name twice', JSON.stringify({ tokens: [entry(), entry()] }), /ci is there twice/],
    [
      'the name of a caller of the settings',
      JSON.stringify({ tokens: [entry({ name: 'access-token' })] }),
      /name of a caller of the settings/,
    ],
  ])('are refused at the start when the file has %s, and not shown', (_, text, message) => {
    writeFileSync(path, text);

    expect(open).toThrow(message);
    expect(open).not.toThrow(new RegExp(TOKEN));
  });

  it('are refused at the start when there is no file', () => {
    expect(open).toThrow(/ACCESS_TOKENS_FILE: .* cannot be read \(ENOENT\)/);
  });
});
