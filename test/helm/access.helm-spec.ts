import { Release } from './release.js';

const NOBODY = { 'access.token.generate': false };
const JWT = { 'access.jwt.issuer': 'https://i', 'access.jwt.audience': 'a', 'access.jwt.jwksUrl': 'https://i/keys' };
const TOKEN = 'hNw2tKq7vXc9mZr4pLb8';

function tokenOf(values: Readonly<Record<string, unknown>>): string | undefined {
  const release = Release.of({ values });
  return release.environment(release.container('gateway'), (name) => `${name} of another Secret`)['ACCESS_TOKEN'];
}

describe('access', () => {
  it('is by a random token where nothing is configured', () => {
    const [first, second] = [tokenOf({}), tokenOf({})];

    expect(first).toMatch(/^\w{40}$/);
    expect(second).not.toBe(first);
  });

  it('is by the token that is given', () => {
    expect(tokenOf({ 'access.token.value': TOKEN })).toBe(TOKEN);
    expect(tokenOf({ 'access.token.existingSecret.name': 'callers', 'access.token.value': TOKEN })).toBe('ACCESS_TOKEN of another Secret');
  });

  it.each([
    ['JSON Web Tokens', JWT],
    ['a file of tokens', { 'access.tokensFile.existingSecret.name': 'callers' }],
    ['a token of A2A', { 'access.a2aToken.value': TOKEN }],
    ['nothing, for everybody', { 'access.anonymous': true }],
  ])('is by %s without a random token beside it that may do everything', (_, values) => {
    expect(tokenOf(values)).toBeUndefined();
  });

  it('makes no Secret of what is in others', () => {
    const values = { mode: 'remote', 'opencode.baseUrl': 'http://o:1', 'access.token.existingSecret.name': 'callers' };

    expect(Release.of({ values }).ofKind('Secret')).toEqual([]);
  });

  it('hands over files of tokens and certificates, a directory each, so that they are renewed', () => {
    const release = Release.of({ file: 'remote-tls-grpc' });
    const { ACCESS_TOKENS_FILE } = release.environment(release.container('gateway'), () => '');

    expect(ACCESS_TOKENS_FILE).toBe('/etc/opencode-gateway/tokens/tokens.json');
    expect(release.pod.volumes).toContainEqual({
      name: 'tokens',
      secret: { secretName: 'callers', items: [{ key: 'tokens', path: 'tokens.json' }] },
    });
    expect(release.container('gateway').volumeMounts).toContainEqual({
      name: 'tokens',
      mountPath: '/etc/opencode-gateway/tokens',
      readOnly: true,
    });
  });

  it('writes such files of values as the gateway reads them', () => {
    const release = Release.of({ file: 'sidecar-everything' });
    const file = JSON.parse(release.dataOf('Secret', { name: 'test-opencode-gateway', key: 'tokens.json' }) ?? '') as unknown;

    expect(file).toMatchObject({ tokens: [{ name: 'ci', scopes: ['read', 'write'] }] });
  });

  it('answers to the names of its Service where callers show nothing', () => {
    const release = Release.of({
      values: { 'access.anonymous': true, 'ingress.http.enabled': true, 'ingress.http.hosts': ['a.example.org', '*.b.example.org'] },
    });
    const { HTTP_ALLOWED_HOSTS } = release.environment(release.container('gateway'), () => '');
    const service = 'test-opencode-gateway';

    expect(HTTP_ALLOWED_HOSTS?.split(',')).toEqual([
      service,
      `${service}.agents`,
      `${service}.agents.svc`,
      `${service}.agents.svc.cluster.local`,
      'a.example.org',
    ]);
  });

  it.each([
    [NOBODY, 'nobody could call'],
    [{ 'access.anonymous': true, 'access.token.value': TOKEN }, 'no effect beside credentials'],
    [{ 'access.jwt.issuer': 'https://i' }, 'go together'],
    [{ 'access.jwt.jwksUrl': 'https://i/keys' }, 'go together'],
    [{ 'tls.clientCa.name': 'ca' }, 'either means nothing without the other'],
    [{ 'access.certificatesFile.existingSecret.name': 'c', 'tls.clientCa.name': 'ca' }, 'over TLS alone'],
    [{ 'access.token.value': 'short' }, 'access/token/value'],
  ])('refuses %j', (values, reason) => {
    expect(() => Release.of({ values })).toThrow(reason);
  });
});
