import { pushConfig } from '../../../../test/support/push-config.js';
import { isSamePushConfig, toPushConfig, withoutSecrets, type PushConfigRequest } from './push-config.mapper.js';

function asked(given: Partial<PushConfigRequest> = {}): PushConfigRequest {
  return { ...pushConfig(), ...given };
}

describe('toPushConfig', () => {
  it('keeps what was asked for', () => {
    expect(toPushConfig(asked(), 'new')).toEqual(pushConfig());
  });

  it.each([undefined, ''])('gives an id to who brings %p', (id) => {
    expect(toPushConfig(asked({ id }), 'new').id).toBe('new');
  });

  it.each([
    ['id', { id: 'a\nb' }],
    ['id', { id: 'x'.repeat(257) }],
    ['url', { url: '' }],
    ['url', { url: '/hook' }],
    ['url', { url: 'ftp://hooks.example.org/' }],
    ['url', { url: 'file:///etc/passwd' }],
    ['url', { url: 'javascript:alert(1)' }],
    ['url', { url: 'https://user@hooks.example.org/' }],
    ['url', { url: 'https://:password@hooks.example.org/' }],
    ['url', { url: `https://hooks.example.org/${'x'.repeat(2_048)}` }],
    ['token', { token: 'a\r\nx-injected: b' }],
    ['token', { token: 'x'.repeat(4_097) }],
    ['authentication.scheme', { authentication: { scheme: '', credentials: 'c' } }],
    ['authentication.scheme', { authentication: { scheme: 'Bearer x', credentials: 'c' } }],
    ['authentication.credentials', { authentication: { scheme: 'Bearer', credentials: 'a\nb' } }],
  ])('refuses a wrong %s, of %p', (field, given) => {
    expect(() => toPushConfig(asked(given), 'new')).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', violations: [expect.objectContaining({ field })] }),
    );
  });

  it('repeats no secret when it refuses one', () => {
    expect(() => toPushConfig(asked({ url: 'https://u:correct-horse@h/', token: 'battery\n' }), 'new')).not.toThrow(/horse|battery/);
  });
});

describe('withoutSecrets', () => {
  it('tells how the receiver is asked, and not with what', () => {
    expect(withoutSecrets(pushConfig())).toEqual(pushConfig({ token: '', authentication: { scheme: 'Bearer', credentials: '' } }));
    expect(withoutSecrets(pushConfig({ authentication: undefined })).authentication).toBeUndefined();
  });
});

describe('isSamePushConfig', () => {
  it.each([
    { url: 'https://other.example.org/' },
    { token: 'other' },
    { authentication: undefined },
    { authentication: { scheme: 'Bearer', credentials: 'other' } },
    { version: '0.3' as const },
  ])('sees the difference of %p', (given) => {
    expect(isSamePushConfig(pushConfig(), pushConfig())).toBe(true);
    expect(isSamePushConfig(pushConfig(), pushConfig(given))).toBe(false);
  });
});
