import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { eventually } from './eventually.js';

export interface ReceivedNotification {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** What a receiver says: a status, with headers; nothing until it is told to; or more than anybody wants to hear. */
type Answer = 'flood' | number | { readonly status: number; readonly headers: Record<string, string> } | Promise<number>;

/** Takes push notifications on loopback, and answers each as the test wishes. */
export class WebhookReceiver {
  readonly received: ReceivedNotification[] = [];
  /** By the number of notifications before; 204 unless a test says otherwise. */
  answer: (before: number) => Answer = () => 204;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => void receiver.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  async has(count: number): Promise<void> {
    await eventually(() => this.received.length >= count);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const before = this.received.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) as unknown }) - 1;
    const answer = await this.answer(before);
    if (answer === 'flood')
      Readable.from(endless())
        .on('error', () => undefined)
        .pipe(response.writeHead(200));
    else if (typeof answer === 'number') response.writeHead(answer).end();
    else response.writeHead(answer.status, answer.headers).end();
  }
}

function* endless(): Iterable<string> {
  for (;;) yield 'more '.repeat(1_000);
}
