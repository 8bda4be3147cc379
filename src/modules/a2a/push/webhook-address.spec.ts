import type { LookupAddress } from 'node:dns';
import { WebhookAddresses, WebhookRefused, type Resolve } from './webhook-address.js';

const answering =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

function addressesOf(url: string, allowed?: readonly string[], resolve?: Resolve): Promise<readonly LookupAddress[]> {
  return new WebhookAddresses(allowed, resolve).addressesOf(new URL(url).hostname, 5_000);
}

describe('WebhookAddresses', () => {
  it.each([
    ['loopback', 'http://127.0.0.1/'],
    ['another loopback', 'http://127.8.9.10/'],
    ['loopback as one number', 'http://2130706433/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback in hexadecimal', 'http://0x7f.1/'],
    ['loopback in two parts', 'http://127.1/'],
    ['loopback in other digits', 'http://①②⑦.0.0.1/'],
    ['this host', 'http://0.0.0.0/'],
    ['this host in short', 'http://0/'],
    ['this network', 'http://0.1.2.3/'],
    ['a private network', 'http://10.0.0.1/'],
    ['another private network', 'http://172.31.255.255/'],
    ['a third private network', 'http://192.168.0.1/'],
    ["a carrier's network", 'http://100.64.0.1/'],
    ["a cloud's metadata", 'http://169.254.169.254/latest/meta-data/'],
    ["Alibaba's metadata", 'http://100.100.100.200/'],
    ["Oracle's metadata", 'http://192.0.0.192/'],
    ["Azure's host", 'http://168.63.129.16/'],
    ['link-local', 'http://169.254.0.1/'],
    ['documentation', 'http://203.0.113.7/'],
    ['benchmarks', 'http://198.19.0.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['loopback in IPv6', 'http://[::1]/'],
    ['no address in IPv6', 'http://[::]/'],
    ['link-local in IPv6', 'http://[fe80::1]/'],
    ['unique local', 'http://[fd12:3456::1]/'],
    ["Amazon's metadata in IPv6", 'http://[fd00:ec2::254]/'],
    ['site-local', 'http://[fec0::1]/'],
    ['multicast in IPv6', 'http://[ff02::1]/'],
    ['loopback as mapped IPv4', 'http://[::ffff:127.0.0.1]/'],
    ['metadata as mapped IPv4', 'http://[::ffff:a9fe:a9fe]/'],
    ['a public address as mapped IPv4', 'http://[::ffff:8.8.8.8]/'],
    ['loopback as compatible IPv4', 'http://[::127.0.0.1]/'],
    ['loopback behind NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['loopback within 6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:1::1]/'],
    ['documentation in IPv6', 'http://[2001:db8::1]/'],
  ])('refuses %s', async (_, url) => {
    await expect(addressesOf(url)).rejects.toBeInstanceOf(WebhookRefused);
  });

  it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '169.253.255.255', '[2606:4700:4700::1111]', '[2a00:1450:4001::8a]'])(
    'takes the public address %s',
    async (host) => {
      const [address] = await addressesOf(`http://${host}/`);

      expect(`${address?.address}`).toBe(host.replace(/[[\]]/g, ''));
    },
  );

  it('refuses a name by the address that the system knows', async () => {
    await expect(addressesOf('http://localhost/')).rejects.toBeInstanceOf(WebhookRefused);
  });

  it.each([
    ['private', ['10.0.0.1']],
    ['local in IPv6', ['fe80::1']],
    ['local with a zone', ['fe80::1%eth0']],
    ['public, but for one', ['8.8.8.8', '127.0.0.1']],
  ])('refuses a name whose addresses are %s', async (_, addresses) => {
    await expect(addressesOf('http://hooks.example.org/', undefined, answering(...addresses))).rejects.toBeInstanceOf(WebhookRefused);
  });

  it('gives the addresses of a name as they were checked', async () => {
    const addresses = await addressesOf('http://hooks.example.org/', undefined, answering('8.8.8.8', '2606:4700::1'));

    expect(addresses).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
  });

  it('does not take a name without addresses for harmless', async () => {
    await expect(addressesOf('http://hooks.example.org/', undefined, answering())).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  describe('with a list', () => {
    it.each([
      ['a name', ['hooks.internal'], 'http://hooks.internal/', '10.0.0.1'],
      ['a name whatever its case', ['Hooks.Internal'], 'http://HOOKS.internal./', '10.0.0.1'],
      ['names of a domain', ['*.internal'], 'http://a.b.internal/', '10.0.0.1'],
      ['a network', ['10.0.0.0/8'], 'http://hooks.internal/', '10.9.9.9'],
      ['a network in IPv6', ['fd00::/8'], 'http://[fd12::1]/', ''],
      ['an address', ['127.0.0.1'], 'http://127.0.0.1:8080/', ''],
      ['public addresses too', ['10.0.0.0/8', '*'], 'http://hooks.example.org/', '8.8.8.8'],
    ])('takes %s that stands in it', async (_, allowed, url, address) => {
      await expect(addressesOf(url, allowed, answering(address))).resolves.toHaveLength(1);
    });

    it.each([
      ['another name', ['hooks.internal'], 'http://other.example.org/', '8.8.8.8'],
      ['the domain itself', ['*.internal'], 'http://internal/', '10.0.0.1'],
      ['a name that only ends alike', ['*.internal'], 'http://notinternal/', '10.0.0.1'],
      ['another address', ['127.0.0.1'], 'http://127.0.0.2/', ''],
      ['a name that leads out of the network', ['10.0.0.0/8'], 'http://hooks.internal/', '169.254.169.254'],
      ['what is not public', ['hooks.internal', '*'], 'http://other.internal/', '10.0.0.1'],
    ])('refuses %s', async (_, allowed, url, address) => {
      await expect(addressesOf(url, allowed, answering(address))).rejects.toBeInstanceOf(WebhookRefused);
    });
  });

  describe('for a webhook that is being made', () => {
    it('names the field whose address is refused', async () => {
      await expect(new WebhookAddresses().check(new URL('http://127.0.0.1/'))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        violations: [{ field: 'url', description: 'leads to an address that webhooks may not have' }],
      });
    });

    it('does not wait for a name server for ever', async () => {
      const silent: Resolve = () => new Promise(() => undefined);

      await expect(new WebhookAddresses(undefined, silent).check(new URL('http://hooks.example.org/'))).resolves.toBeUndefined();
    });

    it('lets a name pass that nobody can resolve yet', async () => {
      const nobody: Resolve = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));

      await expect(new WebhookAddresses(undefined, nobody).check(new URL('http://hooks.example.org/'))).resolves.toBeUndefined();
    });
  });
});
