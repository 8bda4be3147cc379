import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv4 } from 'node:net';
import { promisify } from 'node:util';
import { GatewayError } from '../../../common/errors/gateway-error.js';

/** Stands in the list of allowed hosts for every public address. */
const ANY_PUBLIC = '*';

/** A caller who makes a webhook waits no longer for a name server. */
const CHECKED_WITHIN_MS = 3_000;

/** What is not the public Internet, or answers there to nobody but the machine it serves. @see IANA's special-purpose address registries */
const NOT_PUBLIC_IPV4 = [
  '0.0.0.0/8', // this host
  '10.0.0.0/8',
  '100.64.0.0/10', // carriers; Alibaba's metadata
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's host, from within its machines
  '169.254.0.0/16', // link-local; metadata of most clouds
  '172.16.0.0/12',
  '192.0.0.0/24', // protocols; Oracle's metadata
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16',
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
];

/** All of IPv6 that is in use publicly: loopback, local, mapped, translated and multicast addresses are not in it. */
const GLOBAL_IPV6 = ['2000::/3'];
/** What in there is not: Teredo and other protocols, documentation, IPv4 addresses within 6to4. */
const NOT_PUBLIC_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** A webhook leads where nothing is sent. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';

  constructor(hostname: string) {
    super(`${hostname} leads to an address that webhooks may not have`);
  }
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

const lookupAll = promisify(lookup);
const resolveBySystem: Resolve = (hostname) => lookupAll(hostname, { all: true });

/**
 * Where webhooks may lead: a caller must not reach through the gateway what it cannot reach itself.
 *
 * Without a list that is every public address. With one it is what the list names: host names (`hooks.example.org`, `*.example.org`) and
 * networks (`10.1.0.0/16`), be they public or not, and `*` for every public address.
 */
export class WebhookAddresses {
  private readonly notPublic = networks([...NOT_PUBLIC_IPV4, ...NOT_PUBLIC_IPV6]);
  private readonly globalIpv6 = networks(GLOBAL_IPV6);
  private readonly listedNetworks: BlockList;
  private readonly listedNames: readonly string[];
  private readonly allowsPublic: boolean;

  constructor(
    allowedHosts: readonly string[] = [ANY_PUBLIC],
    private readonly resolve: Resolve = resolveBySystem,
  ) {
    const isNetwork = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0;
    this.listedNetworks = networks(allowedHosts.filter(isNetwork));
    this.listedNames = allowedHosts.filter((entry) => !isNetwork(entry)).map((name) => name.toLowerCase());
    this.allowsPublic = allowedHosts.includes(ANY_PUBLIC);
  }

  /**
   * The addresses of a host, each of which was checked: connect to these, for a second look-up may tell others.
   *
   * @param hostname - as the URL has it; its parser has turned every spelling of an IPv4 address into the usual one
   * @throws WebhookRefused when one of them is not allowed; an error with a code when there is none, or none is found in time
   */
  async addressesOf(hostname: string, withinMs: number): Promise<readonly LookupAddress[]> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(host);
    const addresses = family === 0 ? await inTime(this.resolve(host), withinMs) : [{ address: host, family }];
    if (addresses.length === 0) throw failure('ENOTFOUND');
    if (!this.isListedName(host) && !addresses.every(({ address }) => this.isAllowed(address))) throw new WebhookRefused(host);
    return addresses;
  }

  /**
   * For callers who make a webhook. A name that has no address yet passes: it is checked again before anything is sent.
   *
   * @throws GatewayError INVALID_ARGUMENT
   */
  async check(url: URL): Promise<void> {
    try {
      await this.addressesOf(url.hostname, CHECKED_WITHIN_MS);
    } catch (error) {
      if (error instanceof WebhookRefused) throw GatewayError.invalid('url', 'leads to an address that webhooks may not have');
    }
  }

  private isListedName(host: string): boolean {
    const name = host.replace(/\.$/, '');
    return this.listedNames.some((listed) => listed === name || (listed.startsWith('*.') && name.endsWith(listed.slice(1))));
  }

  private isAllowed(address: string): boolean {
    return isIn(this.listedNetworks, address) || (this.allowsPublic && this.isPublic(address));
  }

  private isPublic(address: string): boolean {
    return !isIn(this.notPublic, address) && (isIPv4(address) || isIn(this.globalIpv6, address));
  }
}

function networks(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [address = '', prefix] = cidr.split('/');
    const type = isIPv4(address) ? 'ipv4' : 'ipv6';
    list.addSubnet(address, prefix === undefined ? (type === 'ipv4' ? 32 : 128) : Number(prefix), type);
  }
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

async function inTime<T>(looked: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(failure('ETIMEDOUT')), withinMs)));
  try {
    return await Promise.race([looked, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** As the system's resolver fails. */
function failure(code: string): Error {
  return Object.assign(new Error(`the host could not be resolved: ${code}`), { code });
}
