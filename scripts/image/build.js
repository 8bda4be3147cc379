/** Builds the stages of a Dockerfile, each as a layer over what it is made of. Nothing is pushed, tagged or kept. */
import dockerignore from '@balena/dockerignore';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { configOf, lineageOf } from '../../.cache/tools/test/image/dockerfile.js';
import { run } from '../toolchain.js';

const spawned = promisify(execFile);

/** As Debian's and Node's images set it. */
export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What a builder gives a command: devices, processes, names of hosts; and here whom to trust, and what was downloaded before. */
const RUN = `
mount --rbind /dev "$ROOT/dev"
mount -t proc proc "$ROOT/proc"
mount --bind /etc/resolv.conf "$ROOT/etc/resolv.conf"
mount -t tmpfs tmpfs "$ROOT/run"
cp "$NODE_EXTRA_CA_CERTS" "$ROOT/run/authorities.pem"
mkdir -p "$ROOT/root/.npm"
mount --bind "$NPM_CACHE" "$ROOT/root/.npm"
mount --bind "$APT_CACHE" "$ROOT/var/cache/apt/archives"
exec chroot "$ROOT" /usr/bin/env --chdir="$WORKDIR" NODE_EXTRA_CA_CERTS=/run/authorities.pem /bin/sh -c "$1"
`;

export class Build {
  constructor(stages, { base, folder }) {
    this.stages = stages;
    this.base = base;
    this.folder = folder;
    this.machine = machineOf(join(folder, 'packages'));
    this.ignored = dockerignore.default().add(readFileSync('.dockerignore', 'utf8').split('\n'));
  }

  /** Where the files of the stage are seen whole. */
  rootOf(name) {
    return join(this.folder, 'stages', name, 'root');
  }

  /** Where only those are that the stage adds. */
  layerOf(name) {
    return join(this.folder, 'stages', name, 'layer');
  }

  /** Builds each stage as soon as those are built that it needs. */
  async makeAll() {
    const made = new Map();
    for (const stage of this.stages) {
      const needed = [stage.base, ...stage.steps.map(({ flags }) => flags.from)].filter((name) => made.has(name));
      made.set(
        stage.name,
        Promise.all(needed.map((name) => made.get(name))).then((keys) => this.make(stage, keys)),
      );
    }
    await Promise.all(made.values());
  }

  /** Builds the stage over those that it is made of, unless it is there from an earlier run. Gives what tells it from others. */
  async make(stage, neededKeys) {
    const folder = join(this.folder, 'stages', stage.name);
    const [keyFile, work] = [join(folder, 'key'), join(folder, 'work')];
    const key = this.keyOf(stage, neededKeys);
    const isThere = existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key;
    if (!isThere) rmSync(folder, { recursive: true, force: true });
    for (const part of [this.rootOf(stage.name), this.layerOf(stage.name), work]) mkdirSync(part, { recursive: true });
    const layers = lineageOf(this.stages, stage.base).map(({ name }) => this.layerOf(name));
    const lower = [...layers.reverse(), this.base].join(':');
    const options = `lowerdir=${lower},upperdir=${this.layerOf(stage.name)},workdir=${work}`;
    run('mount', ['-t', 'overlay', 'overlay', '-o', options, this.rootOf(stage.name)]);
    if (isThere) return key;
    const { env, workdir, user } = configOf(this.stages, stage.base);
    let state = { root: this.rootOf(stage.name), env, workdir, user };
    for (const step of stage.steps) state = await this.take(step, state);
    writeFileSync(keyFile, key);
    return key;
  }

  /** As engines have it: the same steps with the same files over the same make the same. */
  keyOf(stage, neededKeys) {
    const hash = createHash('sha256').update(JSON.stringify([this.base, stage, neededKeys]));
    const sources = stage.steps.filter(({ keyword, flags }) => keyword === 'COPY' && flags.from === undefined);
    for (const file of sources.flatMap(({ words }) => words.slice(0, -1)).flatMap(filesOf)) {
      if (!this.ignored.ignores(file)) hash.update(file).update(readFileSync(file));
    }
    return hash.digest('hex');
  }

  async take(step, state) {
    const { keyword, text, words, properties } = step;
    if (keyword === 'ENV') return { ...state, env: { ...state.env, ...properties } };
    if (keyword === 'USER') return { ...state, user: text };
    if (keyword === 'RUN') await this.execute(text, state);
    if (keyword === 'COPY') this.copy(step, state);
    if (keyword !== 'WORKDIR') return state;
    mkdirSync(join(state.root, words[0]), { recursive: true });
    return { ...state, workdir: resolve(state.workdir, words[0]) };
  }

  async execute(text, { root, env, workdir, user }) {
    if (!/^(0|root)\b/.test(user)) throw new Error(`only root's commands are replayed, not those of ${user}: ${text}`);
    const environment = { PATH, HOME: '/root', ...env, ...this.machine, ROOT: root, WORKDIR: workdir };
    const parameters = ['--mount', '--pid', '--fork', '--kill-child', '/bin/sh', '-euc', RUN, 'sh', text];
    await spawned('unshare', parameters, { env: environment, maxBuffer: 64 * 1024 * 1024 }).catch(({ stdout, stderr }) => {
      throw new Error(`RUN ${text}: ${stderr || stdout}`);
    });
  }

  copy({ words, flags }, { root, workdir }) {
    const destination = words.at(-1);
    const target = join(root, resolve(workdir, destination));
    for (const source of words.slice(0, -1)) {
      const from = flags.from === undefined ? resolve(source) : join(this.rootOf(flags.from), source);
      if (!existsSync(from)) throw new Error(`COPY: there is no ${source}`);
      const into = destination.endsWith('/') ? join(target, source.split('/').at(-1)) : target;
      const filter = (path) => flags.from !== undefined || path === from || !this.ignored.ignores(relative('.', path));
      cpSync(from, into, { recursive: true, verbatimSymlinks: true, filter });
    }
  }
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile());
}

/** What commands are told of this machine: its proxies, as by builders, its authorities, and its caches. */
function machineOf(packages) {
  mkdirSync(join(packages, 'partial'), { recursive: true });
  const npm = process.env.npm_config_cache ?? join(homedir(), '.npm');
  mkdirSync(npm, { recursive: true });
  const proxies = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name)));
  return { ...proxies, NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS ?? '/dev/null', NPM_CACHE: npm, APT_CACHE: packages };
}
