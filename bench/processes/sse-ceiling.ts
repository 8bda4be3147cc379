import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CeilingReaders } from '../ceiling-readers.js';
import { serve } from '../remote.js';
import { usageCommands } from '../usage.js';

/** The least that server-sent events of Node can cost: node:http, bytes made beforehand, no application. */
export type SseCeilingCommands = typeof commands;

let payload = Buffer.alloc(0);
const readers = new CeilingReaders(() => payload);

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' });
  response.write('retry: 2000\n\n');
  response.write(payload);
  readers.add(response);
  response.once('close', () => readers.delete(response));
});

const commands = {
  ...usageCommands,

  async start(): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  setPayload(bytes: Uint8Array): void {
    payload = Buffer.from(bytes);
  },

  follow(upstreamUrl: string): Promise<void> {
    return readers.follow(upstreamUrl);
  },
};

serve(commands);
