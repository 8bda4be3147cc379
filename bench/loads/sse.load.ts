import { connect, type Socket } from 'node:net';
import type { Load } from './load.js';

const NEWLINE = 10;

/** Readers of server-sent events on a connection each. Events are counted in the raw bytes: an HTTP parser would cost more than the server. */
export class SseLoad implements Load {
  count = 0;
  lost = 0;
  readonly opened: Promise<void>;
  private newest: Buffer = Buffer.alloc(0);
  private closed = false;
  private readonly sockets: Socket[];

  constructor(url: string, streams: number) {
    const opened: Promise<void>[] = [];
    this.sockets = Array.from({ length: streams }, () => {
      const { socket, live } = this.open(new URL(url));
      opened.push(live);
      return socket;
    });
    this.opened = Promise.all(opened).then(() => undefined);
  }

  /** The newest whole event, without HTTP's framing. */
  sample(): Buffer {
    const begin = this.newest.lastIndexOf('data: ');
    const end = this.newest.indexOf('\n\n', begin);
    if (begin < 0 || end < 0) throw new Error('the newest bytes hold no whole event');
    return this.newest.subarray(begin, end + 2);
  }

  pause(): void {
    for (const socket of this.sockets) socket.pause();
  }

  close(): void {
    this.closed = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private open({ hostname, port, host, pathname, search }: URL): { readonly socket: Socket; readonly live: Promise<void> } {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\naccept: text/event-stream\r\n\r\n`);
    let lastByte = 0;
    const live = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        if (lastByte === NEWLINE && chunk[0] === NEWLINE) this.count += 1;
        lastByte = chunk[chunk.length - 1] ?? 0;
        this.countIn(chunk);
        // What comes first is only the `retry:` field.
        if (chunk.includes('data: ')) resolve();
      });
    });
    socket.on('close', () => {
      if (!this.closed) this.lost += 1;
    });
    socket.on('error', () => undefined);
    return { socket, live };
  }

  private countIn(chunk: Buffer): void {
    for (let at = chunk.indexOf('\n\n'); at >= 0; at = chunk.indexOf('\n\n', at + 2)) this.count += 1;
    this.newest = chunk;
  }
}
