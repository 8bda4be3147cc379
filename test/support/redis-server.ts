import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestProcess } from './process.js';

const PROGRAMS = ['redis-server', 'valkey-server'];

/** The program that is installed here; says aloud when there is none, for then what needs one is not tested. */
export function findRedisServer(): string | undefined {
  const program = PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0);
  if (program === undefined) {
    process.stderr.write(`\nSKIPPED: tests of the shared task store need ${PROGRAMS.join(' or ')} on the PATH (Debian: redis-server)\n`);
  }
  return program;
}

/** A Redis on loopback that keeps nothing. */
export class TestRedisServer {
  private constructor(
    private readonly program: string,
    readonly port: number,
    private server: TestProcess,
  ) {}

  static async start(program: string): Promise<TestRedisServer> {
    const port = await freePort();
    return new TestRedisServer(program, port, await run(program, port));
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get socketUrl(): string {
    return `unix://${socketPath(this.port)}`;
  }

  async restart(): Promise<void> {
    await this.stop();
    this.server = await run(this.program, this.port);
  }

  /** Takes connections and answers nothing, until it goes on. */
  hang(): void {
    this.server.kill('SIGSTOP');
  }

  goOn(): void {
    this.server.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.server.kill('SIGKILL');
    await this.server.exited;
    rmSync(socketPath(this.port), { force: true });
  }
}

async function run(program: string, port: number): Promise<TestProcess> {
  const server = new TestProcess(
    program,
    [
      '--port',
      String(port),
      '--unixsocket',
      socketPath(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      tmpdir(),
    ],
    process.env,
  );
  await server.says(/Ready to accept connections/);
  return server;
}

function socketPath(port: number): string {
  return join(tmpdir(), `redis-${port}.sock`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
