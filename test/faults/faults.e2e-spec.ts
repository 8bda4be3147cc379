import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeFailure } from './report.js';
import { playRun, type RunResult } from './run.js';
import { planOf, sceneOf, type Scene } from './schedule.js';
import { FaultyStage, Stage, type Lane } from './stage.js';
import { watchProcess } from './watch-process.js';

/** A slice of `npm run test:faults`, always the same; `FUZZ_SEED` takes another. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 30_100);
const RUNS = 60;
/** Faulty ones are too rare for a slice to meet them all; they cost little but time. */
const FAULTY_RUNS = 7;

const slice = Array.from({ length: RUNS }, (_, index) => SEED + index);
const seeds: Readonly<Record<Scene, number[]>> = {
  calm: slice.filter((seed) => sceneOf(seed) === 'calm'),
  killing: slice.filter((seed) => sceneOf(seed) === 'killing'),
  faulty: Array.from({ length: FAULTY_RUNS * 20 }, (_, index) => SEED + index).filter((seed) => sceneOf(seed) === 'faulty'),
};
const strays: string[] = [];
let stopWatching: () => void;

beforeAll(() => {
  stopWatching = watchProcess((what) => strays.push(what));
});

afterAll(() => {
  stopWatching();
  expect(strays).toEqual([]);
});

/** The command line, compiled beside dist/, which another test may be writing just now. */
async function compileGateway(): Promise<string> {
  const project = join(__dirname, '..', '..');
  const folder = join(project, '.cache', 'faults');
  const options = ['--outDir', folder, '--incremental', '--tsBuildInfoFile', join(folder, '.tsbuildinfo')];
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', join(project, 'tsconfig.build.json'), ...options]);
  return join(folder, 'main.js');
}

/** Plays the runs of a scene, each lane one after the other. */
async function play(scene: Scene, lanes: readonly Lane[]): Promise<RunResult[]> {
  const queue = [...seeds[scene]];
  const results: RunResult[] = [];
  const playLane = async (lane: Lane): Promise<void> => {
    for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) results.push(await playRun(planOf(seed), lane));
  };
  await Promise.all(lanes.map(playLane));
  return results;
}

function failuresOf(results: readonly RunResult[]): string {
  return results
    .filter(({ violations }) => violations.length > 0)
    .map(describeFailure)
    .join('\n');
}

describe('under faults', () => {
  it('nothing is lost, told twice or left waiting, whatever happens between gateway and OpenCode', async () => {
    const stage = await Stage.open();
    const results = await play('calm', await Promise.all([stage.addLane(), stage.addLane()])).finally(() => stage.close());

    expect(failuresOf(results)).toBe('');
    expect(results.flatMap(({ struck }) => struck).length).toBeGreaterThan(RUNS / 2);
  }, 240_000);

  it('nor when OpenCode or the gateway is killed', async () => {
    const main = await compileGateway();
    const stage = await Stage.open();
    const results = await play('killing', [await stage.addLane(main)]).finally(() => stage.close());

    expect(failuresOf(results)).toBe('');
    expect(results.flatMap(({ struck }) => struck)).toEqual(expect.arrayContaining(['kill-opencode', 'kill-gateway']));
  }, 120_000);

  it('nor when OpenCode misbehaves as its users report', async () => {
    const stage = await FaultyStage.open();
    const results = await play('faulty', await Promise.all([stage.addLane(), stage.addLane(), stage.addLane()])).finally(() =>
      stage.close(),
    );

    expect(failuresOf(results)).toBe('');
    expect(results.length).toBeGreaterThan(2);
  }, 120_000);
});
