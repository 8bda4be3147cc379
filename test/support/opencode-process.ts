import { findOpencode, pathWithRipgrep } from '../../src/common/opencode/opencode.binary.js';
import type { OpencodeEnvironment } from './opencode-environment.js';
import { TestProcess } from './process.js';

/** `opencode serve` as a process of ours, which can be killed and started again on the same data. */
export class OpencodeProcess {
  private constructor(
    private readonly environment: OpencodeEnvironment,
    private server: TestProcess,
    public url: string,
  ) {}

  static async start(environment: OpencodeEnvironment): Promise<OpencodeProcess> {
    const { server, url } = await launch(environment);
    return new OpencodeProcess(environment, server, url);
  }

  /** As a machine that loses its power: nothing is said to anybody. */
  async kill(): Promise<void> {
    this.server.kill('SIGKILL');
    await this.server.exited;
  }

  /** Without a port at another address. */
  async startAgain(port = '0'): Promise<void> {
    ({ server: this.server, url: this.url } = await launch(this.environment, port));
  }

  get port(): string {
    return new URL(this.url).port;
  }
}

async function launch(environment: OpencodeEnvironment, port = '0'): Promise<{ server: TestProcess; url: string }> {
  const server = new TestProcess(
    findOpencode(undefined, process.env['PATH']),
    ['serve', '--hostname', '127.0.0.1', '--port', port],
    { PATH: pathWithRipgrep(process.env['PATH']), ...environment.env },
    environment.workspace,
  );
  const [, url = ''] = await server.says(/listening on (\S+)/);
  await untilHealthy(url);
  return { server, url };
}

/** A connection made before OpenCode is ready is never answered; one a little later is. */
async function untilHealthy(url: string): Promise<void> {
  for (;;) {
    const healthy = await fetch(`${url}/global/health`, { signal: AbortSignal.timeout(1_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
