/**
 * Runs A2A's conformance kit (https://github.com/a2aproject/a2a-tck) against the compiled gateway with the real OpenCode:
 * once as it speaks 1.0 alone and once as it speaks both versions, over gRPC, JSON-RPC and REST.
 *
 * What does not pass must stand in test/tck/allowed-failures.txt, and what stands there must not pass. The kit is taken from
 * A2A_TCK_DIR, or fetched; without it or Python the check is skipped, and says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { complaintsAbout, parseAllowances } from '../.cache/tools/test/tck/allowances.js';
import { withCompiledGateway } from './compiled-gateway.js';
import { Missing, obtain } from './toolchain.js';

const KIT = { url: 'https://github.com/a2aproject/a2a-tck', branch: '1.0-dev', commit: '357c4a87afa2818731590647cccbea31c31733a2' };
const RUN_TIMEOUT_MS = 900_000;
const runs = { '1.0': { A2A_VERSIONS: '1.0' }, both: { A2A_VERSIONS: '0.3,1.0' } };
/** The kit listens at loopback to be told of tasks, and calls without a pause. */
const settings = { A2A_PUSH_ALLOWED_HOSTS: '127.0.0.0/8', RATE_LIMIT_PER_MINUTE: '0' };

const own = resolve('test', 'tck');
const cache = resolve('.cache', 'tck');

/** The folder of the kit. */
function obtainKit() {
  const given = process.env.A2A_TCK_DIR;
  if (given) return resolve(given);
  const folder = join(cache, KIT.commit);
  if (existsSync(folder)) return folder;
  const fetched = `${folder}.fetched`;
  rmSync(fetched, { recursive: true, force: true });
  obtain('git', ['clone', '--quiet', '--branch', KIT.branch, KIT.url, fetched], { env: { ...process.env, GIT_TERMINAL_PROMPT: '0' } });
  obtain('git', ['checkout', '--quiet', KIT.commit], { cwd: fetched });
  renameSync(fetched, folder);
  return folder;
}

/** The Python that has what the kit needs. */
function obtainPython() {
  const requirements = join(own, 'requirements.txt');
  const environment = join(cache, 'python');
  const python = join(environment, 'bin', 'python');
  const installed = join(environment, 'requirements.txt');
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(requirements))) return python;
  obtain('python3', ['-c', 'import sys; assert sys.version_info >= (3, 11), "the kit needs Python 3.11"']);
  obtain('python3', ['-m', 'venv', '--clear', environment]);
  obtain(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
  cpSync(requirements, installed);
  return python;
}

/** Gives what came of each test, and what the kit makes of it. */
async function runKit(kit, python, name, { httpUrl }) {
  const [outcomes, report] = ['outcomes.json', 'report.json'].map((suffix) => join(cache, `${name}.${suffix}`));
  const options = ['-p', 'scenarios', '-p', 'no:cacheprovider', '--quiet', '--tb=short', `--compatibility-report=${report}`];
  const parameters = ['-m', 'pytest', 'tests/compatibility', `--sut-host=${httpUrl}`, '--webhook-host=127.0.0.1', ...options];
  const environment = { ...process.env, PYTHONPATH: own, PYTHONDONTWRITEBYTECODE: '1', TCK_OUTCOMES: outcomes };
  rmSync(report, { force: true });
  await logged(`${name}.log`, async (log) => {
    // Not spawnSync: the scripted model answers from this process.
    const tests = spawn(python, parameters, { cwd: kit, env: environment, stdio: ['ignore', log, log], timeout: RUN_TIMEOUT_MS });
    await once(tests, 'close');
  });
  // Written last.
  if (!existsSync(report)) throw new Error(`${name}: the kit did not come to its end; see .cache/tck/${name}.log`);
  const [results, requirements] = [outcomes, report].map((file) => JSON.parse(readFileSync(file, 'utf8')));
  return { name, results: new Map(Object.entries(results)), requirements: Object.values(requirements.per_requirement) };
}

/** Runs the work with a file to write to. */
async function logged(name, work) {
  const file = openSync(join(cache, name), 'w');
  try {
    return await work(file);
  } finally {
    closeSync(file);
  }
}

/** How many of the values there are of each kind: `3 passed, 1 failed`. */
function countsOf(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${count} ${value}`).join(', ');
}

function told({ name, results, requirements }) {
  const outcomes = [...results.values()].map(({ outcome }) => outcome);
  const must = requirements.filter(({ level }) => level === 'MUST').map(({ status }) => status.toLowerCase());
  return `check-tck: ${name}: ${countsOf(outcomes)}; requirements that MUST hold: ${countsOf(must)}`;
}

try {
  const allowances = parseAllowances(readFileSync(join(own, 'allowed-failures.txt'), 'utf8'));
  mkdirSync(cache, { recursive: true });
  const [kit, python] = [obtainKit(), obtainPython()];
  const running = Object.entries(runs).map(([name, versions]) =>
    logged(`${name}.gateway.log`, (log) => {
      const options = { settings: { ...settings, ...versions }, log };
      return withCompiledGateway({}, (gateway) => runKit(kit, python, name, gateway), options);
    }),
  );
  // Side by side: most of the time the kit waits for what must not come.
  for (const ended of await Promise.allSettled(running)) {
    if (ended.status === 'rejected') throw ended.reason;
    console.log(told(ended.value));
    const { name, results } = ended.value;
    const complaints = complaintsAbout(name, results, allowances);
    for (const complaint of complaints) console.error(`check-tck: ${name}: ${complaint}`);
    if (complaints.length > 0) process.exitCode = 1;
  }
} catch (error) {
  if (error instanceof Missing) console.warn(`check-tck: A2A's conformance kit was SKIPPED: ${error.message}`);
  else {
    console.error(`check-tck: ${error.message}`);
    process.exitCode = 1;
  }
}
