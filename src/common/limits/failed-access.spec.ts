import { GatewayError } from '../errors/gateway-error.js';
import { FailedAccess } from './failed-access.js';

const REFUSED = { code: 'UNAUTHENTICATED' };
const BLOCKED = { code: 'RESOURCE_EXHAUSTED', reason: 'TOO_MANY_FAILURES' };

function setUp(perMinute: number) {
  const failed = new FailedAccess(perMinute);
  const looked: string[] = [];
  const show = (peer: string, token: string): Promise<string> =>
    failed.watch(peer, token, () => {
      looked.push(token);
      if (token.startsWith('good')) return token;
      throw new GatewayError('UNAUTHENTICATED', 'no');
    });
  return { show, looked };
}

describe('FailedAccess', () => {
  it('looks at nothing new from an address once it failed too often', async () => {
    const { show, looked } = setUp(2);
    for (const token of ['bad-1', 'bad-2']) await expect(show('10.0.0.1', token)).rejects.toMatchObject(REFUSED);

    await expect(show('10.0.0.1', 'bad-3')).rejects.toMatchObject({ ...BLOCKED, retryAfterMs: expect.any(Number) as number });
    await expect(show('10.0.0.1', 'good-but-new')).rejects.toMatchObject(BLOCKED);

    expect(looked).toEqual(['bad-1', 'bad-2']);
  });

  it('costs nobody their access who had it', async () => {
    const { show } = setUp(1);
    await show('10.0.0.1', 'good-1');
    await expect(show('10.0.0.1', 'bad')).rejects.toMatchObject(REFUSED);

    await expect(show('10.0.0.1', 'good-1')).resolves.toBe('good-1');
    await expect(show('10.0.0.2', 'good-2')).resolves.toBe('good-2');
  });

  it('counts no success', async () => {
    const { show } = setUp(1);

    for (let count = 0; count < 100; count += 1) await expect(show('10.0.0.1', `good-${count}`)).resolves.toBeDefined();
  });

  it('looks at each token again, however familiar: it may have been taken away', async () => {
    const { show, looked } = setUp(1);

    await show('10.0.0.1', 'good-1');
    await show('10.0.0.1', 'good-1');

    expect(looked).toHaveLength(2);
  });

  it('knows no limit of 0', async () => {
    const { show } = setUp(0);

    for (let count = 0; count < 100; count += 1) await expect(show('10.0.0.1', 'bad')).rejects.toMatchObject(REFUSED);
  });
});
