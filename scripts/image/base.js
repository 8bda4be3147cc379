/** What the Dockerfile builds upon, as far as it matters to it: Debian with Node, npm and a user `node`. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseStages } from '../../.cache/tools/test/image/dockerfile.js';
import { Missing, obtain } from '../toolchain.js';

/** As Debian's slim images have it: no documentation, and no caches that every layer would have anew. */
const SLIM = [
  ...['doc', 'info', 'locale', 'man'].map((folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`),
  ...['pkgcache', 'srcpkgcache'].map((cache) => `--aptopt=Dir::Cache::${cache} ""`),
];
const MIRROR = 'http://deb.debian.org/debian';

/** The image's name says which: docker.io/library/node:24.19.0-bookworm-slim@sha256:… */
function versionsOf(image) {
  const { node, suite } = /node:(?<node>[\d.]+)-(?<suite>[a-z]+)-slim@/.exec(image).groups;
  return { node, suite };
}

function obtainDebootstrap() {
  try {
    obtain('mmdebstrap', ['--version']);
  } catch {
    obtain('apt-get', ['update', '--quiet=2']);
    const options = ['--yes', '--quiet=2', '--no-install-recommends'];
    obtain('apt-get', ['install', ...options, 'mmdebstrap'], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  }
}

/** Node comes from its npm package, and npm is the one that runs this check. */
function addNode(root, version) {
  const npm = process.env.npm_execpath;
  if (!npm) throw new Missing('it is a script of npm, and takes npm from there');
  const temporary = mkdtempSync(join(tmpdir(), 'check-image-'));
  try {
    obtain('npm', ['install', '--prefix', temporary, '--no-audit', '--no-fund', `node@${version}`]);
    const local = join(root, 'usr', 'local');
    cpSync(join(temporary, 'node_modules', 'node', 'bin', 'node'), join(local, 'bin', 'node'));
    cpSync(dirname(dirname(npm)), join(local, 'lib', 'node_modules', 'npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin', 'npm'));
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** The folder of its files, made once. Throws Missing. */
export function obtainBase() {
  const { node, suite } = versionsOf(parseStages(readFileSync('Dockerfile', 'utf8'))[0].base);
  const base = resolve('.cache', 'image', `node-${node}-${suite}`);
  if (existsSync(base)) return base;
  obtainDebootstrap();
  const made = `${base}.made`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(dirname(made), { recursive: true });
  obtain('mmdebstrap', ['--quiet', '--variant=apt', ...SLIM, suite, made, MIRROR]);
  addNode(made, node);
  obtain('chroot', [made, 'useradd', '--uid', '1000', '--create-home', 'node']);
  renameSync(made, base);
  return base;
}
