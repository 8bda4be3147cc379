import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a port on loopback that counts what comes back through it. */
export class CountingProxy {
  /** Bytes from the server to its clients, as they were on the wire. */
  receivedBytes = 0;

  private readonly clients = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async before(port: number): Promise<CountingProxy> {
    const server = createServer({ noDelay: true }, (client) => {
      const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
      upstream.on('data', (chunk: Buffer) => (proxy.receivedBytes += chunk.length));
      client.pipe(upstream).pipe(client);
      proxy.clients.add(client);
      client.on('close', () => upstream.destroy());
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    const proxy = new CountingProxy(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    // A client's connection may outlive its last call.
    for (const client of this.clients) client.destroy();
    await closed;
  }
}
