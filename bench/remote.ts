import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a process of the benchmark can be asked, by name. */
export type Commands = Readonly<Record<string, (...parameters: never[]) => unknown>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly parameters: readonly unknown[];
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Another process of the benchmark: its own event loop, its own CPU account. */
export class Remote<C extends Commands> {
  private readonly waiting = new Map<number, Waiting>();
  private readonly child: ChildProcess;
  private lastId = 0;

  /** `script` is a file of `processes/`. The child inherits Node's flags, so a profiler sees it too. */
  constructor(private readonly script: string) {
    this.child = fork(new URL(`processes/${script}.js`, import.meta.url), { serialization: 'advanced' });
    this.child.on('message', (answer) => this.settle(answer as Answer));
    this.child.on('exit', (code) => this.fail(code));
  }

  call<K extends keyof C & string>(name: K, ...parameters: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    this.lastId += 1;
    const question: Question = { id: this.lastId, name, parameters };
    return new Promise((resolve, reject) => {
      this.waiting.set(question.id, { resolve: resolve, reject });
      this.child.send(question);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.disconnect();
    await exit;
  }

  private settle({ id, result, error }: Answer): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`${this.script}: ${error}`));
  }

  private fail(code: number | null): void {
    for (const { reject } of this.waiting.values()) reject(new Error(`${this.script} ended with code ${code}`));
    this.waiting.clear();
  }
}

/** Answers the parent's questions until it leaves. */
export function serve(commands: Commands): void {
  process.on('message', (question) => void answer(commands, question as Question));
  process.on('disconnect', () => process.exit(0));
}

async function answer(commands: Commands, { id, name, parameters }: Question): Promise<void> {
  try {
    const command = commands[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    process.send?.({ id, result: await command(...(parameters as never[])) } satisfies Answer);
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies Answer);
  }
}
