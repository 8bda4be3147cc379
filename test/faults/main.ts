import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeFailure, Report } from './report.js';
import { playRun } from './run.js';
import { planOf, sceneOf, type Scene } from './schedule.js';
import { FaultyStage, Stage, type Lane } from './stage.js';
import { watchProcess } from './watch-process.js';

/** Random runs over all faults. The same seed makes the same runs; a run's own seed repeats it alone. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '1000' },
    verbose: { type: 'boolean', default: false },
  },
});

/** Runs at once, by scene: as many as two cores can play without waiting for each other. */
const LANES: Readonly<Record<Scene, number>> = { calm: 3, killing: 1, faulty: 4 };
const GATEWAY = fileURLToPath(new URL('../../src/main.js', import.meta.url));

const baseSeed = Number(values.seed);
const seeds = Array.from({ length: Number(values.runs) }, (_, index) => baseSeed + index);
const report = new Report();
const stopWatching = watchProcess((what) => report.addStray(what));

const stages = new Set<{ close(): Promise<void> }>();

/** Nothing of ours outlives a run that is broken off. */
async function breakOff(): Promise<void> {
  await Promise.allSettled([...stages].map((stage) => stage.close()));
  process.exit(1);
}

process.once('SIGINT', () => void breakOff());
process.once('SIGTERM', () => void breakOff());

/** Takes one run after the other until none is left. */
async function playAll(queue: number[], lane: Lane): Promise<void> {
  for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
    try {
      const result = await playRun(planOf(seed), lane);
      report.add(result);
      if (result.violations.length > 0) console.log(describeFailure(result));
      else if (values.verbose) console.log(`ok ${seed} ${result.ms} ms: ${result.struck.join(', ')}`);
    } catch (error) {
      report.addStray(`--seed ${seed} could not be played: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
}

async function playScene(scene: Scene): Promise<void> {
  const queue = seeds.filter((seed) => sceneOf(seed) === scene);
  if (queue.length === 0) return;
  const stage = scene === 'faulty' ? await FaultyStage.open() : await Stage.open();
  stages.add(stage);
  try {
    const lanes = Array.from({ length: Math.min(LANES[scene], queue.length) }, () =>
      stage.addLane(scene === 'killing' ? GATEWAY : undefined),
    );
    await Promise.all((await Promise.all(lanes)).map((lane) => playAll(queue, lane)));
  } finally {
    stages.delete(stage);
    await stage.close();
  }
}

console.log(`--seed ${baseSeed} --runs ${seeds.length}`);
await Promise.all([playScene('calm'), playScene('killing'), playScene('faulty')]);
stopWatching();
console.log(report.toText());
process.exitCode = report.isGood ? 0 : 1;
