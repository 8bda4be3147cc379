/** Runs a built image as an engine would: own processes, a read-only root, no rights, a user of the image's choice. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { PATH } from './build.js';

/** $1 is the root, then pairs of folders to bind and options of tmpfs to mount up to `--`, then the command. */
const START = `
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  case $1 in
    bind) mount --bind "$2" "$root$3" ;;
    tmpfs) mount -t tmpfs -o "$2" tmpfs "$root$3" ;;
  esac
  shift 3
done
shift
mount -o remount,ro,bind "$root"
exec chroot "$root" "$@"
`;

/** Until there is a process to ask. */
const START_MS = 500;
const EXECUTE_TIMEOUT_MS = 5_000;
const HEALTHY_TIMEOUT_MS = 60_000;

export class Container {
  /**
   * `image` has `root` and `config`. `volumes` are folders by their paths inside, `tmpfs` as in a Compose file; `entrypoint` and
   * `command` are those of the image unless given.
   */
  constructor(image, { environment = {}, volumes = {}, tmpfs = [], entrypoint, command } = {}) {
    this.image = image;
    this.environment = { PATH, ...image.config.env, ...environment };
    this.output = '';
    const mounts = [
      ...Object.entries(volumes).flatMap(([path, folder]) => ['bind', folder, path]),
      ...tmpfs.flatMap((one) => ['tmpfs', `nosuid,nodev,${one.split(':')[1]}`, one.split(':')[0]]),
    ];
    const words = [...(entrypoint ?? image.config.entrypoint), ...(command ?? (entrypoint ? [] : image.config.command))];
    const parameters = ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-euc', START, 'sh', image.root, ...mounts, '--'];
    this.process = spawn('unshare', [...parameters, ...this.asUser(words)], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on('data', (chunk) => (this.output += chunk));
    this.ended = once(this.process, 'close').then(([code, signal]) => signal ?? code);
  }

  get isOver() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The first process inside, as it is called outside. */
  get pid() {
    const { pid } = this.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (children === '') throw new Error('it has not begun');
    return Number(children);
  }

  asUser(words) {
    const { user, workdir } = this.image.config;
    const [uid, gid] = user.split(':');
    const variables = Object.entries(this.environment).map(([name, value]) => `${name}=${value}`);
    const rights = ['--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
    return ['/usr/bin/env', '-i', `--chdir=${workdir}`, ...variables, 'setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...rights, ...words];
  }

  /** Runs a command inside, as health checks are: one that takes too long failed. */
  execute(words) {
    const parameters = ['--target', String(this.pid), '--mount', '--pid', '--root', ...this.asUser(words)];
    const { status, stdout, stderr } = spawnSync('nsenter', parameters, {
      encoding: 'utf8',
      timeout: EXECUTE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    return { status, output: `${stdout}${stderr}`.trim() };
  }

  /** As an engine finds out, by the image's own health check or another command. */
  async untilHealthy(words = this.image.config.healthcheck.words) {
    const deadline = Date.now() + HEALTHY_TIMEOUT_MS;
    await pause(START_MS);
    for (;;) {
      if (this.isOver) throw new Error(`it ended: ${this.output}`);
      const { status, output } = this.execute(words);
      if (status === 0) return;
      if (Date.now() > deadline) throw new Error(`it is not healthy: ${output}; ${this.output}`);
      await pause(250);
    }
  }

  /** Processes inside that ended and were not reaped. */
  zombies() {
    const { output } = this.execute(['sh', '-c', 'cat /proc/[0-9]*/stat']);
    return output.split('\n').filter((line) => /\) Z /.test(line));
  }

  /** What it ended with after a signal to its first process. */
  async stop(signal = 'SIGTERM') {
    if (!this.isOver) process.kill(this.pid, signal);
    return this.ended;
  }
}
