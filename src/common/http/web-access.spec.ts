import { GatewayError } from '../errors/gateway-error.js';
import { WebAccess, type WebAccessOptions, type WebRequest } from './web-access.js';

const STRICT: WebAccessOptions = { hosts: [], origins: ['https://app.example.org'], publicUrl: 'https://gateway.example.org/api' };

function refusal(request: Partial<WebRequest>, options = STRICT): string | undefined {
  const whole = { host: 'localhost:8081', origin: undefined, site: undefined, destination: undefined, ...request };
  try {
    new WebAccess(options).check(whole);
  } catch (error) {
    return error instanceof GatewayError ? error.reason : String(error);
  }
  return undefined;
}

describe('the names of the HTTP door', () => {
  it.each(['localhost', 'LocalHost:8081', 'app.localhost:1', '127.0.0.1:8081', '[::1]:8081', '10.1.2.3', 'gateway.example.org'])(
    'are %s',
    (host) => {
      expect(refusal({ host })).toBeUndefined();
    },
  );

  it.each([
    undefined,
    '',
    'rebound.example.org:8081',
    'localhost.example.org',
    'notlocalhost',
    '127.0.0.1.example.org',
    '127.1',
    '2130706433',
    'localhost:8081@example.org',
    'localhost:port',
    '[::1',
    '[localhost]',
    'a b',
  ])('are not %p', (host) => {
    expect(refusal({ host })).toBe('HOST_NOT_ALLOWED');
  });

  it('are those that are listed', () => {
    expect(refusal({ host: 'Gateway:8081' }, { ...STRICT, hosts: ['gateway'] })).toBeUndefined();
  });

  it('are any where tokens guard', () => {
    expect(refusal({ host: 'rebound.example.org' }, { ...STRICT, hosts: undefined })).toBeUndefined();
  });
});

describe('a page', () => {
  it.each([
    ['of the same origin', 'http://localhost:8081'],
    ['of the same origin behind what ends TLS', 'https://localhost:8081'],
    ['that is listed', 'https://app.example.org'],
    ['of the public origin', 'https://gateway.example.org'],
  ])('%s may call', (_, origin) => {
    expect(refusal({ origin })).toBeUndefined();
  });

  it.each([
    'https://evil.example.org',
    'http://localhost:3000',
    'http://app.example.org',
    'https://app.example.org:8443',
    'https://app.example.org.evil.org',
    'null',
    '',
    'localhost:8081',
  ])('of %p may not', (origin) => {
    expect(refusal({ origin })).toBe('ORIGIN_NOT_ALLOWED');
  });

  it.each(['cross-site', 'same-site'])('of another origin (%s) may load nothing from here', (site) => {
    expect(refusal({ site, destination: 'image' })).toBe('ORIGIN_NOT_ALLOWED');
    expect(refusal({ site, destination: 'iframe' })).toBe('ORIGIN_NOT_ALLOWED');
  });

  it('may be left for this one', () => {
    expect(refusal({ site: 'cross-site', destination: 'document' })).toBeUndefined();
    expect(refusal({ site: 'none', destination: 'document' })).toBeUndefined();
    expect(refusal({ site: 'same-origin', destination: 'script' })).toBeUndefined();
  });
});
