import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { findOpencode, pathWithRipgrep } from '../../src/common/opencode/opencode.binary.js';
import type { OpencodeEnvironment } from './opencode-environment.js';
import { TestProcess } from './process.js';

/** An OpenCode of its own, at one address whether it is killed and started again or cannot be reached. */
export class StandaloneOpencode {
  private readonly sockets = new Set<Socket>();
  private readonly relay: Server;
  private server: TestProcess | undefined;
  private port = 0;
  private isCut = false;

  private constructor(private readonly environment: OpencodeEnvironment) {
    this.relay = createServer((inward) => {
      if (this.isCut) return void inward.destroy();
      const outward = connect(this.port, '127.0.0.1');
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
    const opencode = new StandaloneOpencode(environment);
    opencode.relay.listen(0, '127.0.0.1');
    await Promise.all([once(opencode.relay, 'listening'), opencode.serve()]);
    return opencode;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.relay.address() as AddressInfo).port}`;
  }

  /** Where a cut does not matter; another one after a restart. */
  get directUrl(): string {
    return `http://127.0.0.1:${this.port}`;
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
    await this.kill();
    await this.serve();
  }

  async stop(): Promise<void> {
    this.cut();
    this.relay.close();
    await this.kill();
  }

  private async serve(): Promise<void> {
    const environment = { PATH: pathWithRipgrep(process.env['PATH']), ...this.environment.env };
    const binary = findOpencode(undefined, process.env['PATH']);
    const parameters = ['serve', '--hostname', '127.0.0.1', '--port', '0'];
    this.server = new TestProcess(binary, parameters, environment, this.environment.workspace);
    this.port = Number((await this.server.says(/listening on \S+:(\d+)/))[1]);
  }

  private async kill(): Promise<void> {
    this.server?.kill('SIGKILL');
    await this.server?.exited;
  }
}
