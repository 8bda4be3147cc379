import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { eventually } from '../../../test/support/eventually.js';
import { AccessCertificates } from './access-certificates.js';

const CI = { subject: 'URI:spiffe://example.org/ci', scopes: ['read', 'write'] };
const ADA = { subject: 'CN:ada', scopes: ['admin'], name: 'ada' };
const LATER = Date.now() + 3_600_000;

let folder: string;
let path: string;
let certificates: AccessCertificates | undefined;

beforeAll(() => void Logger.overrideLogger(false));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  path = join(folder, 'certificates.json');
});

afterEach(() => {
  certificates?.close();
  certificates = undefined;
  rmSync(folder, { recursive: true });
});

function write(...entries: readonly object[]): void {
  writeFileSync(path, JSON.stringify({ certificates: entries }));
}

function open(): AccessCertificates {
  certificates = new AccessCertificates(path);
  return certificates;
}

function find(subjects: readonly string[], expiresAtMs = LATER) {
  return (certificates ?? open()).find({ certificate: { subjects, expiresAtMs } });
}

describe('the certificates of a file', () => {
  it('name principals, by a name of their own or by their subject', () => {
    write(CI, ADA);

    expect(find([CI.subject])).toEqual({ id: CI.subject, scopes: new Set(['read', 'write']), expiresAtMs: LATER });
    expect(find(['DNS:unknown', ADA.subject])).toMatchObject({ id: 'ada', scopes: new Set(['admin']) });
  });

  it('are known by the kind of their names too', () => {
    write(CI, ADA);

    expect(find(['CN:spiffe://example.org/ci', 'DNS:ada', 'URI:ada'])).toBeUndefined();
    expect(find([])).toBeUndefined();
    expect(certificates?.find({ token: ADA.subject })).toBeUndefined();
  });

  it('are worth nothing once they have expired, though the connection be open', () => {
    write(CI);

    expect(find([CI.subject], Date.now() - 1)).toBeUndefined();
    expect(find([CI.subject], NaN)).toBeUndefined();
  });

  it('end when they are taken away or changed, and only then', async () => {
    write(CI, ADA);
    const [ci, ada] = [find([CI.subject]), find([ADA.subject])];
    if (ci === undefined || ada === undefined) throw new Error('the certificates are not known');

    write(CI, { ...ADA, scopes: ['read'] });
    await eventually(() => certificates?.isValid(ada) === false);
    const stayed = certificates?.isValid(ci);
    write(ADA);
    await eventually(() => certificates?.isValid(ci) === false);

    expect(stayed).toBe(true);
    expect(find([CI.subject])).toBeUndefined();
  });

  it.each([
    ['no JSON', '{', /^ACCESS_CERTIFICATES_FILE: .* is not JSON/],
    [
      'a subject of no kind',
      JSON.stringify({ certificates: [{ ...CI, subject: 'ci' }] }),
      /certificates\.0\.subject: must begin with URI:/,
    ],
    ['a name with a colon', JSON.stringify({ certificates: [{ ...CI, name: 'jwt:ada' }] }), /certificates\.0\.name: /],
    ['no scopes', JSON.stringify({ certificates: [{ ...CI, scopes: [] }] }), /certificates\.0\.scopes: /],
    ['the same subject twice', JSON.stringify({ certificates: [CI, CI] }), /spiffe:\/\/example\.org\/ci is there twice/],
  ])('are refused at the start when the file has %s', (_, text, message) => {
    writeFileSync(path, text);

    expect(open).toThrow(message);
  });
});
