import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TestProcess } from '../support/process.js';
import type { Container, Release } from './release.js';

interface ConfigVolume {
  readonly name: string;
  readonly configMap?: { readonly name: string; readonly items: readonly { readonly key: string; readonly path: string }[] };
}

/** The containers of a release's pod as processes of this machine: with their variables and arguments, and folders for their volumes. */
export class PlayedPod {
  /** Where the root of the containers' file systems is. */
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'pod-')));
  private readonly running: TestProcess[] = [];

  constructor(private readonly release: Release) {
    for (const { name, configMap } of (release.pod.volumes ?? []) as readonly ConfigVolume[]) {
      for (const { key, path } of configMap?.items ?? []) {
        const text = release.dataOf('ConfigMap', { name: configMap?.name ?? '', key });
        this.write(join(this.mountOf(name), path), text ?? '');
      }
    }
  }

  /** `programs` says where the commands of the image are here; `more` are variables of the machine. */
  run(container: Container, programs: Readonly<Record<string, readonly string[]>>, more: NodeJS.ProcessEnv = {}): TestProcess {
    for (const { mountPath } of container.volumeMounts ?? []) mkdirSync(join(this.root, mountPath), { recursive: true });
    const words = [...(container.command ?? ['opencode-gateway']), ...(container.args ?? [])];
    const here = words.flatMap((word) => programs[word] ?? [word]);
    return this.start(here, { ...more, ...this.environment(container) }, container.workingDir);
  }

  /** A command inside the container, as a probe is. */
  async exec(container: Container, command: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<number | NodeJS.Signals> {
    return this.start(command, { PATH: process.env['PATH'], ...this.environment(container), ...more }).exited;
  }

  async stop(): Promise<void> {
    for (const process of [...this.running].reverse()) {
      process.kill('SIGTERM');
      await process.exited;
    }
    rmSync(this.root, { recursive: true, force: true });
  }

  private start([command = '', ...parameters]: readonly string[], environment: NodeJS.ProcessEnv, folder?: string): TestProcess {
    const process = new TestProcess(command, parameters, environment, folder === undefined ? undefined : join(this.root, folder));
    this.running.push(process);
    return process;
  }

  private environment(container: Container): Record<string, string> {
    const variables = this.release.environment(container, () => '');
    const mounts = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    // The folder above a mount is a path of the container too.
    const isPath = (value: string) =>
      mounts.some((path) => value === path || value.startsWith(`${path}/`) || path === `${value}/${basename(path)}`);
    return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, isPath(value) ? join(this.root, value) : value]));
  }

  private mountOf(volume: string): string {
    const mounts = ['opencode', 'gateway'].flatMap((name) => this.release.container(name).volumeMounts ?? []);
    return mounts.find(({ name }) => name === volume)?.mountPath ?? '';
  }

  private write(path: string, text: string): void {
    const file = join(this.root, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
}
