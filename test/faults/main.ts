import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeFailure, Report } from './report.js';
import { playRun } from './run.js';
import { drawRun, type RunPlan } from './schedule.js';
import { Stage, type Lane } from './stage.js';
import { watchProcess } from './watch-process.js';

/** Random runs over all faults. The same seed makes the same runs; each run's own seed repeats it alone. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '1000' },
    lanes: { type: 'string', default: '3' },
    verbose: { type: 'boolean', default: false },
  },
});

/** One run of so many kills a process: those take seconds. The seed alone tells which. */
const KILLS = 25;
const KINDS = ['kill-opencode', 'kill-gateway'] as const;

const baseSeed = Number(values.seed);
const report = new Report();
const stop = watchProcess((what) => report.addStray(what));
const seeds = Array.from({ length: Number(values.runs) }, (_, index) => baseSeed + index);
const isKilling = (seed: number): boolean => seed % KILLS === 0;
const toPlan = (seed: number): RunPlan => drawRun(seed, isKilling(seed) ? KINDS[(seed / KILLS) % KINDS.length] : undefined);
console.log(`--seed ${baseSeed} --runs ${seeds.length}`);

/** Takes one run after the other until none is left. */
async function playAll(queue: number[], lane: Lane): Promise<void> {
  for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
    try {
      const result = await playRun(toPlan(seed), lane);
      report.add(result);
      if (result.violations.length > 0) console.log(describeFailure(result));
      else if (values.verbose) console.log(`ok ${seed} ${result.ms} ms: ${result.struck.join(', ')}`);
    } catch (error) {
      report.addStray(`--seed ${seed} could not be played: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
}

async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.open();
  await play(stage).finally(() => stage.close());
}

const calm = seeds.filter((seed) => !isKilling(seed));
const killing = seeds.filter(isKilling);
await Promise.all([
  calm.length > 0 &&
    onStage(async (stage) => {
      const lanes = await Promise.all(Array.from({ length: Number(values.lanes) }, () => stage.addLane()));
      await Promise.all(lanes.map((lane) => playAll(calm, lane)));
    }),
  killing.length > 0 &&
    onStage(async (stage) => playAll(killing, await stage.addLane(fileURLToPath(new URL('../../src/main.js', import.meta.url))))),
]);
stop();
console.log(report.toText());
process.exitCode = report.isGood ? 0 : 1;
