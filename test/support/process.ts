import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process of ours, with what it says. */
export class TestProcess {
  output = '';
  readonly exited: Promise<number | NodeJS.Signals>;
  private readonly child: ChildProcess;

  constructor(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv, folder?: string) {
    this.child = spawn(command, parameters, { env: environment, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.exited = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(signal ?? code ?? -1)));
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Resolves with the match once the output has it. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.exited.then(() => true);
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      const isOver = await Promise.race([ended, new Promise<false>((resolve) => setTimeout(() => resolve(false), 50))]);
      if (isOver && !pattern.test(this.output)) throw new Error(`ended without saying ${String(pattern)}: ${this.output}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** Ids of the processes whose environment holds the text, and whose command line matches; Linux only, as the embedded binary is. */
export function processesWith(text: string, command = /^/): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          existsSync(`/proc/${pid}/exe`) &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text) &&
          command.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
        );
      } catch {
        return false;
      }
    });
}
