import { X509Certificate } from 'node:crypto';
import { TestAuthority, type CertificateRequest } from '../../../test/support/test-authority.js';
import { toClientCertificate } from './client-certificate.mapper.js';

let authority: TestAuthority;

beforeAll(async () => {
  authority = await TestAuthority.create();
});

async function mapped(request: CertificateRequest) {
  const { cert } = await authority.issue(request);
  return toClientCertificate(new X509Certificate(cert).toLegacyObject());
}

describe('a client certificate', () => {
  it('is for each of its names, those of workloads and hosts first', async () => {
    const { subjects } = await mapped({
      subject: 'CN=ci, O=Example',
      names: [
        { type: 'dns', value: 'ci.example.org' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'url', value: 'spiffe://example.org/ci' },
        { type: 'email', value: 'ci@example.org' },
      ],
    });

    expect(subjects).toEqual(['DNS:ci.example.org', 'URI:spiffe://example.org/ci', 'CN:ci']);
  });

  it('is good for as long as it says', async () => {
    const expires = new Date('2030-01-02T03:04:05Z');

    expect(await mapped({ subject: 'CN=ci', expires })).toEqual({ subjects: ['CN:ci'], expiresAtMs: expires.getTime() });
  });

  it.each(['a, URI:spiffe://example.org/admin', 'a", DNS:admin', "a', DNS:admin", 'a\\, DNS:admin', 'a\n, DNS:admin'])(
    'is for nobody by a name that tries to be two: %j',
    async (value) => {
      const { subjects } = await mapped({
        subject: 'CN=ci',
        names: [
          { type: 'dns', value },
          { type: 'dns', value: 'ci.example.org' },
        ],
      });

      expect(subjects).toEqual(['DNS:ci.example.org', 'CN:ci']);
    },
  );

  it('is for nobody by two common names', async () => {
    expect((await mapped({ subject: 'CN=ci, CN=admin' })).subjects).toEqual([]);
  });

  it('does not take a common name for another kind of name', async () => {
    expect((await mapped({ subject: 'CN=DNS:admin' })).subjects).toEqual(['CN:DNS:admin']);
  });
});
