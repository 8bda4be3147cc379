import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { NoTracer } from '../../../common/tracing/tracer.js';
import { pushConfig } from '../../../../test/support/push-config.js';
import { TestAuthority } from '../../../../test/support/test-authority.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { PushSender, type PushAttempt } from './push.sender.js';
import { DEFAULT_PUSH_TIMING } from './push.timing.js';
import { WebhookAddresses, type Resolve } from './webhook-address.js';

const LOOPBACK: LookupAddress = { address: '127.0.0.1', family: 4 };
const BODY = JSON.stringify({ task: { id: 't' } });
const never = new AbortController().signal;

describe('PushSender', () => {
  let receiver: WebhookReceiver;
  let sender: PushSender;

  beforeEach(async () => {
    receiver = await WebhookReceiver.start();
    sender = new PushSender(new WebhookAddresses(['127.0.0.0/8']), new NoTracer());
  });

  afterEach(async () => {
    await sender.onApplicationShutdown();
    await receiver.stop();
  });

  const send = (config = {}): Promise<PushAttempt> => sender.send(pushConfig({ url: receiver.url, ...config }), BODY, never);

  async function through(addresses: WebhookAddresses, url: string): Promise<PushAttempt> {
    const other = new PushSender(addresses, new NoTracer());
    try {
      return await other.send(pushConfig({ url }), BODY, never);
    } finally {
      await other.onApplicationShutdown();
    }
  }

  it.each([
    ['1.0', 'application/a2a+json'],
    ['0.3', 'application/json'],
  ] as const)('posts the body as %s has it', async (version, contentType) => {
    expect(await send({ version })).toEqual({ outcome: 'delivered' });

    const [notification] = receiver.received;
    expect(notification).toMatchObject({ path: '/hook', body: { task: { id: 't' } }, headers: { 'content-type': contentType } });
  });

  it('shows the token and the credentials', async () => {
    await send({ token: 'tell-me-apart', authentication: { scheme: 'Basic', credentials: 'YTpi' } });

    expect(receiver.received[0]?.headers).toMatchObject({ 'x-a2a-notification-token': 'tell-me-apart', authorization: 'Basic YTpi' });
  });

  it.each([
    ['nothing', undefined],
    ['a scheme without credentials', { scheme: 'Bearer', credentials: '' }],
  ])('shows no credentials when the caller gave %s', async (_, authentication) => {
    await send({ token: '', authentication });

    const headers = receiver.received[0]?.headers ?? {};
    expect(Object.keys(headers)).not.toContain('authorization');
    expect(Object.keys(headers)).not.toContain('x-a2a-notification-token');
  });

  it.each([200, 202, 204])('takes %d for delivered', async (status) => {
    receiver.answer = () => status;

    expect(await send()).toEqual({ outcome: 'delivered' });
  });

  it.each([408, 425, 429, 500, 502, 503, 504])('takes %d for something that passes', async (status) => {
    receiver.answer = () => status;

    expect(await send()).toEqual({ outcome: 'failed', why: `HTTP ${status}`, retryAfterMs: undefined });
  });

  it.each([400, 401, 403, 404, 405, 413])('takes %d for something that stays', async (status) => {
    receiver.answer = () => status;

    expect(await send()).toEqual({ outcome: 'refused', why: `HTTP ${status}` });
  });

  it('understands that a receiver is gone', async () => {
    receiver.answer = () => 410;

    expect(await send()).toEqual({ outcome: 'gone' });
  });

  it.each([
    ['seconds', () => '7', 7_000, 7_000],
    ['a date', () => new Date(Date.now() + 60_000).toUTCString(), 1, 60_000],
    ['a date that is over', () => new Date(0).toUTCString(), 0, 0],
  ])('reads when to come back as %s', async (_, after, leastMs, mostMs) => {
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': after() } });

    const attempt = await send();

    const { retryAfterMs = -1 } = attempt.outcome === 'failed' ? attempt : {};
    expect(retryAfterMs).toBeGreaterThanOrEqual(leastMs);
    expect(retryAfterMs).toBeLessThanOrEqual(mostMs);
  });

  it('takes a receiver that is away for one that comes back', async () => {
    const away = await WebhookReceiver.start();
    const { url } = away;
    await away.stop();

    expect(await send({ url })).toEqual({ outcome: 'failed', why: 'ECONNREFUSED', retryAfterMs: undefined });
  });

  it('reads no more of an endless answer than it must', async () => {
    receiver.answer = () => 'flood';

    expect(await send()).toEqual({ outcome: 'delivered' });
  });

  it('does not wait for a receiver for ever', async () => {
    const hasty = new PushSender(new WebhookAddresses(['127.0.0.1']), new NoTracer(), { ...DEFAULT_PUSH_TIMING, attemptMs: 50 });
    receiver.answer = () => new Promise<number>(() => undefined);

    const attempt = await hasty.send(pushConfig({ url: receiver.url }), BODY, never);
    await hasty.onApplicationShutdown();

    expect(attempt).toMatchObject({ outcome: 'failed', why: 'TimeoutError' });
  });

  it('does not wait for a name server for ever', async () => {
    const silent = new WebhookAddresses(undefined, () => new Promise(() => undefined));
    const hasty = new PushSender(silent, new NoTracer(), { ...DEFAULT_PUSH_TIMING, attemptMs: 50 });

    const attempt = await hasty.send(pushConfig(), BODY, never);
    await hasty.onApplicationShutdown();

    expect(attempt).toMatchObject({ outcome: 'failed' });
  });

  it('gives the reason of who stopped it', async () => {
    receiver.answer = () => new Promise<number>(() => undefined);
    const stop = new AbortController();
    const sent = sender.send(pushConfig({ url: receiver.url }), BODY, stop.signal);
    await receiver.has(1);

    stop.abort(new Error('shutting down'));

    await expect(sent).rejects.toThrow('shutting down');
  });

  describe('where it connects', () => {
    it.each([
      ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data/'],
      ['another receiver', ''],
    ])('follows no redirect to %s', async (_, location) => {
      const elsewhere = await WebhookReceiver.start();
      receiver.answer = () => ({ status: 307, headers: { location: location || elsewhere.url } });

      expect(await send()).toEqual({ outcome: 'refused', why: 'HTTP 307' });

      expect(elsewhere.received).toEqual([]);
      await elsewhere.stop();
    });

    it.each([
      ['an address', (port: number) => `http://127.0.0.1:${port}/`],
      ['a name', (port: number) => `http://localhost:${port}/`],
    ])('does not connect to loopback by %s', async (_, urlOf) => {
      const attempt = await through(new WebhookAddresses(), urlOf(receiver.port));

      expect(attempt).toEqual({ outcome: 'refused', why: 'its address is not allowed' });
      expect(receiver.received).toEqual([]);
    });

    it('does not follow a name that was public when the webhook was made and is not any more', async () => {
      const answers = [{ address: '93.184.216.34', family: 4 }, LOOPBACK];
      const rebinding: Resolve = async () => [answers.shift() ?? LOOPBACK];
      const addresses = new WebhookAddresses(undefined, rebinding);
      const url = `http://rebinding.example.org:${receiver.port}/`;
      await addresses.check(new URL(url));

      expect(await through(addresses, url)).toEqual({ outcome: 'refused', why: 'its address is not allowed' });
      expect(receiver.received).toEqual([]);
    });

    it('connects to the very address that it checked, whatever a second look-up would tell', async () => {
      let lookUps = 0;
      const resolve: Resolve = async () => {
        lookUps += 1;
        return [lookUps === 1 ? LOOPBACK : { address: '127.0.0.9', family: 4 }];
      };

      const attempt = await through(new WebhookAddresses(['127.0.0.1'], resolve), `http://hooks.example.org:${receiver.port}/`);

      expect(attempt).toEqual({ outcome: 'delivered' });
      expect(lookUps).toBe(1);
      expect(receiver.received[0]?.headers.host).toBe(`hooks.example.org:${receiver.port}`);
    });

    it('asks for the certificate of the name, at the address that it checked, and trusts no other', async () => {
      const { cert, key } = await (
        await TestAuthority.create()
      ).issue({ subject: 'CN=hooks', names: [{ type: 'dns', value: 'hooks.example.org' }] });
      const askedFor: string[] = [];
      const server = createServer({ cert, key, SNICallback: (name, done) => done(null, void askedFor.push(name)) });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;

      const attempt = await through(new WebhookAddresses(['127.0.0.1'], async () => [LOOPBACK]), `https://hooks.example.org:${port}/`);
      await new Promise((resolve) => server.close(resolve));

      expect(askedFor).toEqual(['hooks.example.org']);
      expect(attempt).toMatchObject({ outcome: 'failed', why: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    });

    it('takes a name that nobody resolves for one that comes back', async () => {
      const nobody: Resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));

      const attempt = await through(new WebhookAddresses(undefined, nobody), 'http://hooks.example.org/');

      expect(attempt).toEqual({ outcome: 'failed', why: 'ENOTFOUND', retryAfterMs: undefined });
    });
  });
});
