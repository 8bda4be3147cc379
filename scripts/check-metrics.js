/**
 * Asks Prometheus's own promtool whether it accepts the alert rules, their tests, and what the compiled gateway tells after a prompt.
 *
 * promtool is taken from the PATH or, unpacked and not installed, from Debian's package; without either the check is skipped, and says so.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { script } from '../.cache/tools/test/support/scripted-model.js';
import { withCompiledGateway } from './compiled-gateway.js';
import { Missing, obtain, run } from './toolchain.js';

const RULES = 'helm/opencode-gateway/files/alerts.yaml';
const RULE_TESTS = 'test/metrics/alerts.test.yaml';
const cache = resolve('.cache', 'prometheus');

function obtainPromtool() {
  try {
    run('promtool', ['--version']);
    return 'promtool';
  } catch {
    return unpackPromtool();
  }
}

/** Nothing of the package runs: installed it would start a server. */
function unpackPromtool() {
  const promtool = join(cache, 'usr', 'bin', 'promtool');
  if (existsSync(promtool)) return promtool;
  const fetched = `${cache}.fetched`;
  rmSync(fetched, { recursive: true, force: true });
  mkdirSync(fetched, { recursive: true });
  try {
    obtain('apt-get', ['download', '-qq', 'prometheus'], { cwd: fetched });
  } catch {
    obtain('apt-get', ['update', '-qq']);
    obtain('apt-get', ['download', '-qq', 'prometheus'], { cwd: fetched });
  }
  const [archive = ''] = readdirSync(fetched);
  obtain('dpkg', ['-x', archive, '.'], { cwd: fetched });
  rmSync(cache, { recursive: true, force: true });
  renameSync(fetched, cache);
  return promtool;
}

/** What a gateway tells that did some work. */
function readExposition() {
  return withCompiledGateway({}, async ({ httpUrl }) => {
    const sent = await fetch(`${httpUrl}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ parts: [{ text: { text: script([{ t: 'text', value: 'it works' }]) } }] }),
    });
    await sent.text();
    const exposition = await (await fetch(`${httpUrl}/metrics`)).text();
    if (!exposition.includes('opencode_gateway_turns_total{kind="prompt",outcome="completed"} 1')) throw new Error('no turn was counted');
    return exposition;
  });
}

try {
  const promtool = obtainPromtool();
  run(promtool, ['check', 'rules', RULES]);
  run(promtool, ['test', 'rules', RULE_TESTS]);
  const exposition = await readExposition();
  run(promtool, ['check', 'metrics'], { input: exposition });
  console.log(`check-metrics: promtool accepts the rules, their tests and ${exposition.match(/^# TYPE/gm).length} metrics`);
} catch (error) {
  if (error instanceof Missing) console.warn(`check-metrics: promtool was SKIPPED: ${error.message}`);
  else {
    console.error(`check-metrics: ${error.message}`);
    process.exitCode = 1;
  }
}
