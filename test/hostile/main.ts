import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createOpencodeEnvironment } from '../support/opencode-environment.js';
import { TestProcess } from '../support/process.js';
import { ScriptedModel } from '../support/scripted-model.js';
import { attack, describeResult } from './run.js';

/** Hostile input for a gateway in a process of its own, with the real OpenCode. The same seed makes the same cases. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    cases: { type: 'string', default: '100000' },
  },
});

const GATEWAY = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const PAGE_BYTES = 4_096;
const MB = 1_048_576;
/** Little enough that garbage is collected: with Node's own bound it passes for growth (253 to 426 MB over 80,000 cases, against 191 to 208). */
const HEAP_MB = 112;
/** Memory is measured when caches are full, and may not grow by more than this from then on. */
const WARM_AFTER = 0.2;
const MAX_GROWTH = 1.25;
const SLACK_MB = 40;

const seed = Number(values.seed);
const cases = Number(values.cases);

function rssMb(pid: number): number {
  return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES) / MB;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/** Nothing that a caller sends may make an error of ours: each is a line in the log. */
function errorsIn(log: string): string[] {
  return log.split('\n').filter((line) => /"level":[56]0/.test(line) || /unhandled|uncaught/i.test(line));
}

async function makeSession(httpUrl: string): Promise<string> {
  const answer = await fetch(`${httpUrl}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"title":"hostile"}',
  });
  return ((await answer.json()) as { id: string }).id;
}

async function main(): Promise<boolean> {
  const model = await ScriptedModel.start();
  const opencode = await createOpencodeEnvironment({ modelUrl: model.url });
  // What is refused for coming too often is not looked at.
  const unlimited = { RATE_LIMIT_PER_MINUTE: '0', ACCESS_FAILURES_PER_MINUTE: '0' };
  const settings = { OPENCODE_WORKSPACE_ROOT: opencode.workspace, GRPC_PORT: '0', HTTP_PORT: '0', LOG_LEVEL: 'error', ...unlimited };
  const gateway = new TestProcess(process.execPath, [`--max-old-space-size=${HEAP_MB}`, GATEWAY], {
    PATH: process.env['PATH'],
    ...opencode.env,
    ...settings,
  });
  try {
    const [, grpc = '', httpUrl = ''] = await gateway.says(/gRPC {2}(\S+)[\s\S]*HTTP {2}(\S+)/);
    const known = [await makeSession(httpUrl)];
    const memory: number[] = [];
    const sample = setInterval(() => memory.push(rssMb(gateway.pid)), 500);
    let warm = 0;
    const result = await attack({ http: new URL(httpUrl).host, grpc, known }, seed, cases, (done) => {
      if (done === Math.floor(cases * WARM_AFTER)) warm = memory.length;
    });
    clearInterval(sample);
    // In steps, which show whether it grows on.
    const steps = [0, 1, 2, 3].map((nth) => warm + Math.floor((nth * (memory.length - warm)) / 4));
    const levels = [...steps.map((from) => median(memory.slice(from, from + 20))), median(memory.slice(-20))];
    const [before = 0, after = 0] = [levels[0], levels.at(-1)];
    const isFlat = after <= before * MAX_GROWTH + SLACK_MB;
    const isAlive = (await fetch(`${httpUrl}/health`)).ok;
    const errors = errorsIn(gateway.output);
    console.log(describeResult(result));
    console.log(`memory, from warm to the end: ${levels.map((mb) => mb.toFixed(0)).join(', ')} MB${isFlat ? '' : ', which is growth'}`);
    console.log(`errors in the log: ${errors.length}`, ...errors.slice(0, 20).map((line) => `\n  ${line}`));
    return result.violations.length === 0 && isFlat && isAlive && errors.length === 0;
  } finally {
    gateway.kill('SIGTERM');
    await gateway.exited;
    await model.stop();
    await opencode.remove();
  }
}

console.log(`--seed ${seed} --cases ${cases}`);
process.exitCode = (await main()) ? 0 : 1;
