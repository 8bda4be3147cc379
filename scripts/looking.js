/** What checks that look at something running have in common. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** @throws Error with the complaint unless the condition holds */
export function demand(condition, complaint) {
  if (!condition) throw new Error(complaint);
}

/** A port of loopback that nobody listens at just now. */
export async function freePort() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  await once(server.close(), 'close');
  return port;
}
