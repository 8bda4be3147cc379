import { randomBytes } from 'node:crypto';
import { weaknessOf } from './secrets.js';

describe('weaknessOf', () => {
  it.each([
    'changeme-changeme',
    'CHANGE_ME_PLEASE!',
    'your-secret-token-here',
    'replace-this-token',
    'my-super-secret-password',
    'access-token-123456',
    'example-api-key-000',
    'opencode-gateway-token',
    '<your-bearer-token>',
    'passwordpassword',
  ])('finds that %s is a placeholder or repeats itself', (secret) => {
    expect(weaknessOf(secret)).toMatch(/placeholder|repeat/);
  });

  it.each(['aaaaaaaaaaaaaaaa', 'abababababababab', '1111222233334444', '                '])('finds too few characters in %j', (secret) => {
    expect(weaknessOf(secret)).toMatch(/different characters/);
  });

  it.each(['0ddba11s0ddba11s', 'a1b2c3d4a1b2c3d4', 'pa55w0rdpa55w0rd'])('finds that %s repeats itself', (secret) => {
    expect(weaknessOf(secret)).toBe('must not repeat itself');
  });

  it.each(['0123456789abcdef', '1234567890123456', 'qwertyuiopasdfgh', 'abcdefghijklmnop', 'zyxwvutsrqponmlk', '9876543210987654'])(
    'finds that %s counts',
    (secret) => {
      expect(weaknessOf(secret)).toBe('must not count');
    },
  );

  it('has nothing against what a machine made', () => {
    const made = Array.from({ length: 1_000 }, (_, index) => randomBytes(12).toString(index % 2 === 0 ? 'hex' : 'base64url'));

    expect(made.filter((secret) => weaknessOf(secret) !== undefined)).toEqual([]);
  });

  it.each(['777a36787600088142861617', 'a-token-that-is-long-enough', 'correct horse battery staple', '!"§$%&/()=?*+~#-_'])(
    'has nothing against %s',
    (secret) => {
      expect(weaknessOf(secret)).toBeUndefined();
    },
  );

  it('takes no longer for a secret made to be slow', () => {
    expect(weaknessOf(`${'a'.repeat(5)}bcdefg${'changeitpasswordyoursx'.repeat(2_000)}q`)).toBeUndefined();
  });
});
