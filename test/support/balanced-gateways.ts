import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { request } from 'undici';
import type { CompiledGateway } from './compiled-gateway.js';

const ASK_EVERY_MS = 25;
const ANSWER_WITHIN_MS = 1_000;

type Door = 'grpcAddress' | 'httpUrl';

/**
 * Gateways behind one address for each door, as a Kubernetes service has them: connections go in turn to those that say that they are
 * ready, and what one says is heeded a little later. What is connected stays so.
 */
export class BalancedGateways {
  private readonly gateways = new Map<CompiledGateway, { isReady: boolean }>();
  private readonly sockets = new Set<Socket>();
  private turn = 0;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly servers: Readonly<Record<Door, Server>>,
    private readonly heededAfterMs: number,
  ) {}

  static async start({ heededAfterMs }: { readonly heededAfterMs: number }): Promise<BalancedGateways> {
    const servers = { grpcAddress: createServer(), httpUrl: createServer() };
    const balanced = new BalancedGateways(servers, heededAfterMs);
    for (const door of ['grpcAddress', 'httpUrl'] as const) {
      servers[door].on('connection', (socket) => balanced.lead(socket, door));
      await once(servers[door].listen(0, '127.0.0.1'), 'listening');
    }
    balanced.timer = setInterval(() => balanced.askAll(), ASK_EVERY_MS);
    return balanced;
  }

  address(): Readonly<Record<Door, string>> {
    const hostOf = (door: Door): string => `127.0.0.1:${(this.servers[door].address() as AddressInfo).port}`;
    return { grpcAddress: hostOf('grpcAddress'), httpUrl: `http://${hostOf('httpUrl')}` };
  }

  /** Resolves once connections may go there. */
  async add(gateway: CompiledGateway): Promise<void> {
    const state = { isReady: false };
    this.gateways.set(gateway, state);
    while (!state.isReady) await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }

  remove(gateway: CompiledGateway): void {
    this.gateways.delete(gateway);
  }

  stop(): void {
    clearInterval(this.timer);
    for (const server of Object.values(this.servers)) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private lead(socket: Socket, door: Door): void {
    const ready = [...this.gateways].filter(([, { isReady }]) => isReady);
    this.turn += 1;
    const [gateway] = ready[this.turn % ready.length] ?? [];
    if (gateway === undefined) return void socket.destroy();
    const { hostname, port } = new URL(gateway[door].replace(/^(http:\/\/)?/, 'http://'));
    const behind = connect(Number(port), hostname);
    for (const [from, to] of [
      [socket, behind],
      [behind, socket],
    ] as const) {
      this.sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroySoon();
      });
    }
  }

  private askAll(): void {
    for (const [{ httpUrl }, state] of this.gateways) {
      void isReady(httpUrl).then((ready) => setTimeout(() => (state.isReady = ready), this.heededAfterMs));
    }
  }
}

async function isReady(httpUrl: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${httpUrl}/readyz`, { reset: true, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
