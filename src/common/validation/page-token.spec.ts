import { fromPageToken, toPageToken } from './page-token.js';

describe('a page token', () => {
  it.each(['ses_1', '1795247375152', 'ü/+='])('leads back to %s', (position) => {
    expect(fromPageToken(toPageToken(position))).toBe(position);
  });

  it('can stand in a URL as it is', () => {
    expect(toPageToken('ü???>>>~~~')).toMatch(/^[\w-]+$/);
  });

  it('is empty for the first page', () => {
    expect(fromPageToken('')).toBeUndefined();
  });

  it.each(['ses_1', '%%%', 'eyJhZnRlciI6N30', 'bnVsbA', 'W10', Buffer.from('"after"').toString('base64url')])(
    'is refused when it is not ours: %s',
    (token) => {
      expect(() => fromPageToken(token)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', violations: [expect.objectContaining({ field: 'page_token' })] }) as Error,
      );
    },
  );
});
