import { isIP } from 'node:net';
import { GatewayError } from '../errors/gateway-error.js';

/** What a request says about where it comes from and whom it means; undefined: nothing. */
export interface WebRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site` and `Sec-Fetch-Dest`, which browsers alone set and no page can forge. */
  readonly site: string | undefined;
  readonly destination: string | undefined;
}

export interface WebAccessOptions {
  /** Names besides addresses and localhost; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  /** Other origins whose pages may call. */
  readonly origins: readonly string[];
  readonly publicUrl: string | undefined;
}

/** `name:port`, `[::1]:port`, both also without the port. */
const HOST = /^(?:\[(?<v6>[\da-f:.]+)\]|(?<name>[^\s:/?#@[\]]+))(?::\d+)?$/i;

/**
 * Which names the HTTP door answers to, and the pages of which origins it answers.
 *
 * A browser lets any page send requests to any address, loopback too, and where a page's name is made to lead here (DNS
 * rebinding) also read the answers. What a page cannot change are the headers that say whose it is.
 */
export class WebAccess {
  private readonly hosts: ReadonlySet<string> | undefined;
  private readonly listed: ReadonlySet<string>;
  private readonly own: string | undefined;

  constructor({ hosts, origins, publicUrl }: WebAccessOptions) {
    const own = publicUrl === undefined ? undefined : new URL(publicUrl);
    this.hosts = hosts && new Set([...hosts, ...(own === undefined ? [] : [own.hostname])].map((name) => name.toLowerCase()));
    this.listed = new Set(origins);
    this.own = own?.origin;
  }

  /** Whether answers differ by origin, which caches must know. */
  get sharesWithOthers(): boolean {
    return this.listed.size > 0;
  }

  /** Whether the pages of another origin may read the answers. */
  isListed(origin: string | undefined): origin is string {
    return origin !== undefined && this.listed.has(origin);
  }

  /** @throws GatewayError PERMISSION_DENIED for a name that is not ours, and for a page that is not listed */
  check(request: WebRequest): void {
    if (!this.isOurs(request.host)) {
      throw new GatewayError('PERMISSION_DENIED', 'The Host is no name of this gateway; HTTP_ALLOWED_HOSTS lists them', {
        reason: 'HOST_NOT_ALLOWED',
      });
    }
    if (this.isForeign(request)) {
      throw new GatewayError('PERMISSION_DENIED', 'Pages of another origin may not call; CORS_ORIGINS lists those that may', {
        reason: 'ORIGIN_NOT_ALLOWED',
      });
    }
  }

  /** An address cannot be rebound: a page that came from it came from here. Browsers resolve localhost by themselves. */
  private isOurs(host = ''): boolean {
    if (this.hosts === undefined) return true;
    const { v6, name = '' } = HOST.exec(host)?.groups ?? {};
    if (v6 !== undefined) return isIP(v6) === 6;
    const lower = name.toLowerCase();
    return isIP(lower) === 4 || lower === 'localhost' || lower.endsWith('.localhost') || this.hosts.has(lower);
  }

  private isForeign({ host = '', origin, site, destination }: WebRequest): boolean {
    // Images, scripts and the like come without an origin. Who follows a link to here sees the answer, and the other page does not.
    if (origin === undefined) return (site === 'cross-site' || site === 'same-site') && destination !== 'document';
    if (origin === this.own || this.listed.has(origin)) return false;
    // The scheme is the ingress's business, which ends TLS; `null` is a page that hides its origin.
    return !URL.canParse(origin) || new URL(origin).host !== host.toLowerCase();
  }
}
