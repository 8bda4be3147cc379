import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * What happens to a prompt on its way: it is lost, it is late, it arrives and only its answer is lost or says that OpenCode
 * failed, or OpenCode stores it and never runs it, as 1.17 was seen to do.
 */
export type PromptFault = 'lost' | 'late' | 'unanswered' | 'failed' | 'stored';

const LATE_MS = 1_000;

const PROMPT = /\/prompt_async$/;

/** Stands in front of an OpenCode, harms the prompts it is told to and can be cut; everything else goes through. */
export class OpencodeProxy {
  /** For the next prompts, one after the other. */
  readonly faults: PromptFault[] = [];
  /** Prompts that came, harmed or not. */
  prompts = 0;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  private isCut = false;

  private constructor(private readonly target: string) {
    this.server.on('connection', (socket) => {
      if (this.isCut) socket.destroy();
    });
  }

  static async start(target: string): Promise<OpencodeProxy> {
    const proxy = new OpencodeProxy(target);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Nobody reaches OpenCode through it, until it is mended. */
  cut(): void {
    this.isCut = true;
    this.server.closeAllConnections();
  }

  mend(): void {
    this.isCut = false;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const isPrompt = PROMPT.test(path);
    if (isPrompt) this.prompts += 1;
    const fault = isPrompt ? this.faults.shift() : undefined;
    if (fault === 'lost') return void response.destroy();
    const body = await buffer(request);
    if (fault === 'late') await pause(LATE_MS);
    if (fault === 'stored') {
      const stored = JSON.stringify({ ...(JSON.parse(body.toString()) as object), noReply: true });
      await this.forward(request, path.replace(PROMPT, '/message'), Buffer.from(stored));
      return void response.writeHead(204).end();
    }
    try {
      const answer = await this.forward(request, path, body);
      if (fault === 'unanswered') return void response.destroy();
      if (fault === 'failed') return void response.writeHead(500, { 'content-type': 'application/json' }).end('{}');
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy()).pipe(response);
      response.once('close', () => answer.destroy());
    } catch {
      response.destroy();
    }
  }

  private forward({ method, headers }: IncomingMessage, path: string, body: Buffer): Promise<IncomingMessage> {
    const options: RequestOptions = { headers: { ...headers, 'content-length': String(body.length) }, agent: false };
    if (method !== undefined) options.method = method;
    return new Promise((resolve, reject) => {
      httpRequest(new URL(path, this.target), options, resolve).on('error', reject).end(body);
    });
  }
}
