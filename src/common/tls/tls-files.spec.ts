import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { eventually } from '../../../test/support/eventually.js';
import { TestAuthority, type Issued } from '../../../test/support/test-authority.js';
import { readConfig } from '../config/config.js';
import { TlsFiles } from './tls-files.js';

let folder: string;
let authority: TestAuthority;
let first: Issued;
let second: Issued;
let tls: TlsFiles | undefined;

beforeAll(async () => {
  Logger.overrideLogger(false);
  authority = await TestAuthority.create();
  [first, second] = [await authority.issueForServer(), await authority.issueForServer()];
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tls-'));
});

afterEach(() => {
  tls?.close();
  tls = undefined;
  rmSync(folder, { recursive: true });
});

function at(name: string): string {
  return join(folder, name);
}

/** As secrets are changed: whole, by a new name. */
function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(at(`${name}.new`), text);
    renameSync(at(`${name}.new`), at(name));
  }
}

function open(withClients = false): TlsFiles | undefined {
  const clients = { TLS_CLIENT_CA_FILE: at('ca.pem'), ACCESS_CERTIFICATES_FILE: at('certificates.json') };
  tls = TlsFiles.of(readConfig({ TLS_CERT_FILE: at('cert.pem'), TLS_KEY_FILE: at('key.pem'), ...(withClients && clients) }));
  return tls;
}

describe('TLS files', () => {
  it('are none without settings', () => {
    expect(TlsFiles.of(readConfig({}))).toBeUndefined();
  });

  it('allow nothing older than TLS 1.2', () => {
    write({ 'cert.pem': first.cert, 'key.pem': first.key });

    expect(open()?.context).toEqual({ cert: first.cert, key: first.key, minVersion: 'TLSv1.2' });
  });

  it('are told when they are renewed, once both fit', async () => {
    write({ 'cert.pem': first.cert, 'key.pem': first.key });
    const told = jest.fn();
    open()?.onChange(told);
    const errors = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);

    write({ 'cert.pem': second.cert });
    await eventually(() => errors.mock.calls.length > 0);
    await pause(1_500);
    const meanwhile = tls?.context;
    write({ 'key.pem': second.key });
    await eventually(() => told.mock.calls.length > 0);

    expect(meanwhile).toMatchObject({ cert: first.cert, key: first.key });
    expect(errors.mock.calls).toEqual([[expect.stringMatching(/^TLS_CERT_FILE, TLS_KEY_FILE: .*MISMATCH.*what was there before stays$/)]]);
    expect(told.mock.calls).toEqual([[expect.objectContaining({ cert: second.cert, key: second.key })]]);
    errors.mockRestore();
  });

  it.each([
    ['no certificate', () => ({ 'cert.pem': 'none', 'key.pem': first.key }), /^TLS_CERT_FILE, TLS_KEY_FILE: /],
    ['no key', () => ({ 'cert.pem': first.cert, 'key.pem': 'none' }), /^TLS_CERT_FILE, TLS_KEY_FILE: /],
    ["another certificate's key", () => ({ 'cert.pem': first.cert, 'key.pem': second.key }), /^TLS_CERT_FILE, TLS_KEY_FILE: /],
    ['no key file', () => ({ 'cert.pem': first.cert }), /^TLS_KEY_FILE: .* cannot be read \(ENOENT\)$/],
  ])('are refused at the start with %s, and not shown', (_, files, message) => {
    write(files());

    expect(() => open()).toThrow(message);
    expect(() => open()).not.toThrow(/BEGIN/);
  });

  it('are refused at the start with an authority that is none', () => {
    write({ 'cert.pem': first.cert, 'key.pem': first.key, 'ca.pem': 'none' });

    expect(() => open(true)).toThrow(/^TLS_CLIENT_CA_FILE: /);
  });
});
