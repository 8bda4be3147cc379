import { describeFailure } from './report.js';
import { playRun, type RunResult } from './run.js';
import { planOf, sceneOf, type Scene } from './schedule.js';
import { FaultyStage, Stage, type Lane } from './stage.js';
import { watchProcess } from './watch-process.js';

/** A slice of `npm run test:faults`, always the same; `FUZZ_SEED` takes another. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_000);
const RUNS = 62;

const seeds = Array.from({ length: RUNS }, (_, index) => SEED + index);
const strays: string[] = [];
let stopWatching: () => void;

beforeAll(() => {
  stopWatching = watchProcess((what) => strays.push(what));
});

afterAll(() => {
  stopWatching();
  expect(strays).toEqual([]);
});

/** Plays the runs of a scene, each lane one after the other. */
async function play(scene: Scene, lanes: readonly Lane[]): Promise<RunResult[]> {
  const queue = seeds.filter((seed) => sceneOf(seed) === scene);
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

  it('nor when OpenCode is killed', async () => {
    const stage = await Stage.open();
    const results = await play('killing', [await stage.addLane()]).finally(() => stage.close());

    expect(failuresOf(results)).toBe('');
    expect(results.flatMap(({ struck }) => struck)).toContain('kill-opencode');
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
