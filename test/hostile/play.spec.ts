import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { attack } from './run.js';

describe('an attack', () => {
  it('finds a door that answers with errors of its own, and names the seed of each', async () => {
    const server = createServer((_, response) => response.writeHead(500).end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;

    const { violations, counts } = await attack({ http: `127.0.0.1:${port}`, grpc: '127.0.0.1:1', known: [] }, 1, 60);

    server.close().closeAllConnections();
    expect(violations.length).toBeGreaterThanOrEqual(counts.get('call 500') ?? 1);
    expect(violations[0]).toMatch(/^--seed \d+ --cases 1 /);
  });
});
