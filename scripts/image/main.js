/** Builds the images and runs them; in a mount namespace of its own, with the base's folder as its parameter. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { configOf, lineageOf, parseStages } from '../../.cache/tools/test/image/dockerfile.js';
import { createOpencodeEnvironment } from '../../.cache/tools/test/support/opencode-environment.js';
import { script, ScriptedModel } from '../../.cache/tools/test/support/scripted-model.js';
import { demand, freePort } from '../looking.js';
import { run } from '../toolchain.js';
import { Build } from './build.js';
import { Container } from './container.js';

const TOKEN = 'image-4f1c77a90be2d358';
const OPENCODE_PASSWORD = 'upstream-8d21f0c4';
const ANSWER = 'it works';
/** Leaves a process behind that ends a moment later. */
const ORPHAN = '(sleep 0.2 &) ; true';
const MIB = 1024;

const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true });
const stages = parseStages(readFileSync('Dockerfile', 'utf8'));

function tell(text) {
  console.log(`check-image: ${text}`);
}

function megabytes(folder) {
  return Math.round(Number(run('du', ['-sk', folder]).split('\t')[0]) / MIB);
}

async function buildImages(base) {
  const startedAtMs = Date.now();
  const build = new Build(stages, { base, folder: resolve('.cache', 'image') });
  await build.makeAll();
  tell(`built in ${Math.round((Date.now() - startedAtMs) / 1_000)} s`);
  const layers = (name) => lineageOf(stages, name).map((stage) => megabytes(build.layerOf(stage.name)));
  return Object.fromEntries(
    ['gateway', 'all-in-one'].map((name) => {
      tell(`${name}: ${layers(name).join(' + ')} MiB over its base of ${megabytes(base)} MiB`);
      return [name, { root: build.rootOf(name), config: configOf(stages, name) }];
    }),
  );
}

/** Runs smoke.sh against the doors, which must go well. */
async function smoke({ HTTP_PORT, GRPC_PORT }) {
  const prompt = { SMOKE_PROMPT: script([{ t: 'text', value: ANSWER }]), SMOKE_ANSWER: ANSWER };
  const parameters = [HTTP_PORT, GRPC_PORT].map((port) => `http://127.0.0.1:${port}`);
  // Not spawnSync: the scripted model answers from this process.
  const environment = { ...process.env, ACCESS_TOKEN: TOKEN, ...prompt };
  const [status] = await once(spawn(resolve('scripts', 'smoke.sh'), parameters, { env: environment, stdio: 'inherit' }), 'close');
  demand(status === 0, 'smoke.sh found it not to work');
}

async function doors() {
  return { GRPC_PORT: await freePort(), HTTP_PORT: await freePort() };
}

async function endsCleanly(name, container) {
  const startedAtMs = Date.now();
  const ended = await container.stop();
  demand(ended === 0, `${name} ended with ${ended} on SIGTERM: ${container.output}`);
  tell(`${name}: SIGTERM, and it ended with 0 after ${Date.now() - startedAtMs} ms`);
}

/** Says itself why it does not start. */
async function refusesWithoutToken(image) {
  const container = new Container(image);
  demand((await container.ended) === 1, 'it started open to everybody');
  demand(/^opencode-gateway: HOST: 0\.0\.0\.0 is not loopback and no ACCESS_TOKEN is set/.test(container.output), container.output);
  tell('gateway: does not start without a token');
}

async function reapsOrphans(container, { HTTP_PORT }) {
  const tool = { t: 'tool', name: 'bash', args: { command: ORPHAN, description: 'Leave a process behind' } };
  const response = await fetch(`http://127.0.0.1:${HTTP_PORT}/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ parts: [{ text: { text: script([tool], [{ t: 'text', value: 'done' }]) } }] }),
  });
  const told = await response.text();
  demand(told.includes(ORPHAN), `the agent ran no command: ${told.slice(-500)}`);
  await new Promise((resolvePause) => setTimeout(resolvePause, 1_000));
  const zombies = container.zombies();
  demand(zombies.length === 0, `nobody reaps: ${zombies.join('; ')}`);
  tell('all-in-one: what commands leave behind is reaped');
}

async function checkAllInOne(image, { environment, folders }) {
  const ports = await doors();
  const { tmpfs } = compose.services['all-in-one'];
  const container = new Container(image, { environment: { ...environment, ...ports, ACCESS_TOKEN: TOKEN }, volumes: folders, tmpfs });
  try {
    await container.untilHealthy();
    await container.untilHealthy(compose.services['all-in-one'].healthcheck.test.slice(1));
    await smoke(ports);
    await reapsOrphans(container, ports);
    await endsCleanly('all-in-one', container);
  } finally {
    await container.stop('SIGKILL');
  }
}

/** The gateway in front of an OpenCode that the other image runs, as Compose has them. */
async function checkSplit({ gateway, allInOne }, { environment, folders }) {
  const { opencode, gateway: service } = compose.services;
  const port = await freePort();
  const ports = await doors();
  const settings = {
    OPENCODE_BASE_URL: `http://127.0.0.1:${port}`,
    OPENCODE_WORKSPACE_ROOT: service.environment.OPENCODE_WORKSPACE_ROOT,
    OPENCODE_SERVER_PASSWORD: OPENCODE_PASSWORD,
    ACCESS_TOKEN: TOKEN,
  };
  const front = new Container(gateway, { environment: { ...settings, ...ports }, volumes: { '/workspace': folders['/workspace'] } });
  let upstream;
  try {
    await front.untilHealthy();
    demand(front.execute(service.healthcheck.test.slice(1)).status === 1, 'without OpenCode it says that it is ready');
    tell('gateway: lives without OpenCode, and is not ready');
    upstream = new Container(allInOne, {
      environment: { ...environment, OPENCODE_SERVER_PASSWORD: OPENCODE_PASSWORD },
      volumes: folders,
      tmpfs: opencode.tmpfs,
      entrypoint: opencode.entrypoint,
      command: opencode.command.map((word) => (word === '4096' ? String(port) : word)),
    });
    await upstream.untilHealthy(opencode.healthcheck.test.slice(1).map((word) => word.replaceAll('$$', '$').replace('4096', String(port))));
    await front.untilHealthy(service.healthcheck.test.slice(1));
    await smoke(ports);
    await endsCleanly('gateway', front);
  } finally {
    await front.stop('SIGKILL');
    await upstream?.stop('SIGKILL');
  }
}

const model = await ScriptedModel.start();
const opencode = await createOpencodeEnvironment({ modelUrl: model.url });
const data = mkdtempSync(join(tmpdir(), 'check-image-'));
try {
  const images = await buildImages(process.argv[2]);
  const {
    HOME: _home,
    TMPDIR: _tmp,
    ...environment
  } = Object.fromEntries(Object.entries(opencode.env).filter(([name]) => !name.startsWith('XDG_')));
  const folders = { '/workspace': opencode.workspace, '/data': data };
  mkdirSync(join(images.gateway.root, 'workspace'), { recursive: true });
  chownSync(data, 1_000, 1_000);
  run('chown', ['-R', '1000:1000', opencode.root]);
  await refusesWithoutToken(images.gateway);
  await checkAllInOne(images['all-in-one'], { environment, folders });
  await checkSplit({ gateway: images.gateway, allInOne: images['all-in-one'] }, { environment, folders });
} catch (error) {
  console.error(`check-image: ${error.message}`);
  process.exitCode = 1;
} finally {
  await model.stop();
  await opencode.remove();
  rmSync(data, { recursive: true, force: true });
}
