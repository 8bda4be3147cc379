import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered in place of OpenCode: nothing at all, or this; or what OpenCode answers, but not before. */
export type Override =
  'cut' | { readonly status: number; readonly body?: string; readonly type?: string } | { readonly notBefore: Promise<void> };

/** Stands in front of an OpenCode and answers some of its calls itself; everything else goes through. */
export class OverridingProxy {
  /** By method and path; the first that matches. */
  readonly overrides = new Map<RegExp, Override>();
  /** What came, in order: `GET /session`. */
  readonly calls: string[] = [];
  /** What came with each of them. */
  readonly headers: IncomingHttpHeaders[] = [];
  private readonly server = createServer((request, response) => void this.handle(request, response));

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<OverridingProxy> {
    const proxy = new OverridingProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const call = `${method} ${path}`;
    this.calls.push(call);
    this.headers.push(request.headers);
    const override = [...this.overrides].find(([pattern]) => pattern.test(call))?.[1];
    if (override === 'cut') return void request.destroy();
    if (override !== undefined && 'notBefore' in override) await override.notBefore;
    else if (override !== undefined) {
      const { status, body = '', type = 'application/json' } = override;
      request.resume();
      return void response.writeHead(status, { 'content-type': type }).end(body);
    }
    const forwarded = httpRequest(new URL(path, this.target), { method, headers: request.headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
      response.once('close', () => answer.destroy());
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  }
}
