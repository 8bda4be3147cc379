import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { findOpencode, pathWithRipgrep } from '../../src/common/opencode/opencode.binary.js';
import type { OpencodeEnvironment } from './opencode-environment.js';
import { TestProcess } from './process.js';

/** `opencode serve` as a process of ours, which can be killed and started again on the same port and data. */
export class OpencodeProcess {
  private constructor(
    private readonly environment: OpencodeEnvironment,
    private readonly port: number,
    private server: TestProcess,
  ) {}

  static async start(environment: OpencodeEnvironment): Promise<OpencodeProcess> {
    const port = await lastingPort();
    return new OpencodeProcess(environment, port, await launch(environment, port));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As a machine that loses its power: nothing is said to anybody. */
  async kill(): Promise<void> {
    this.server.kill('SIGKILL');
    await this.server.exited;
  }

  async startAgain(): Promise<void> {
    this.server = await launch(this.environment, this.port);
  }
}

/**
 * A port that stays free while its server is away: systems draw the ports of other servers and of outgoing connections from
 * above this range, and `opencode serve --port 0` takes 4096 first.
 */
async function lastingPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const server = createServer();
    const isFree = once(server.listen(port, '127.0.0.1'), 'listening').then(
      () => true,
      () => false,
    );
    if (!(await isFree)) continue;
    await once(server.close(), 'close');
    return port;
  }
}

async function launch(environment: OpencodeEnvironment, port: number): Promise<TestProcess> {
  const server = new TestProcess(
    findOpencode(undefined, process.env['PATH']),
    ['serve', '--hostname', '127.0.0.1', '--port', String(port)],
    { PATH: pathWithRipgrep(process.env['PATH']), ...environment.env },
    environment.workspace,
  );
  const [, url = ''] = await server.says(/listening on (\S+)/);
  await untilHealthy(url);
  return server;
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
