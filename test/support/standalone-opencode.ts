import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { OpencodeEnvironment } from './opencode-environment.js';
import { OpencodeProcess } from './opencode-process.js';

/** An OpenCode of its own, at one address whether it is killed and started again or cannot be reached. */
export class StandaloneOpencode {
  private readonly sockets = new Set<Socket>();
  private readonly relay: Server;
  private isCut = false;

  private constructor(private readonly server: OpencodeProcess) {
    this.relay = createServer((inward) => {
      if (this.isCut) return void inward.destroy();
      const outward = connect(Number(this.server.port), '127.0.0.1');
      for (const [from, to] of [
        [inward, outward],
        [outward, inward],
      ] as const) {
        this.sockets.add(from.on('error', () => to.destroy()).on('close', () => this.sockets.delete(from)));
        from.pipe(to);
      }
    });
  }

  static async start(environment: OpencodeEnvironment): Promise<StandaloneOpencode> {
    const opencode = new StandaloneOpencode(await OpencodeProcess.start(environment));
    opencode.relay.listen(0, '127.0.0.1');
    await once(opencode.relay, 'listening');
    return opencode;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.relay.address() as AddressInfo).port}`;
  }

  /** Where a cut does not matter; another one after a restart. */
  get directUrl(): string {
    return this.server.url;
  }

  /** Nobody reaches it at `url`, until it is mended. */
  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  /** As after a crash: what it had in memory is gone. */
  async restart(): Promise<void> {
    await this.server.kill();
    await this.server.startAgain();
  }

  async stop(): Promise<void> {
    this.cut();
    this.relay.close();
    await this.server.kill();
  }
}
