import type { TasksResult, Version } from '../loads/a2a-tasks.load.js';
import type { ClientsCommands } from '../processes/clients.js';
import type { GatewayCommands } from '../processes/gateway.js';
import type { PromptedUpstreamCommands } from '../processes/prompted-upstream.js';
import type { SdkA2ACommands } from '../processes/sdk-a2a.js';
import { Remote } from '../remote.js';
import { formatCount, median, type Row } from '../table.js';
import type { UsageCommands } from '../usage.js';

const VERSIONS: readonly Version[] = ['1.0', '0.3'];
const LONG_WORDS = 10_000;
const SHORT_WORDS = 100;
const WARM_UP_RUNS = 3;
const LONG_RUNS = 5;
/** What a task costs beside its words is many times what few words cost: it takes many to tell them apart. */
const SHORT_ROUNDS = 11;
const SHORT_RUNS = 30;
const MAX_CPU_S = 1;
const MAX_RATIO = 1.5;
const TASKS = 200;
const WORDS_PER_TASK = 100;
/** The library saves the whole task with each event, so that its cost grows with the square: 10,000 would take minutes. */
const SDK_WORDS = 1_000;
const SDK_RUNS = 3;
const MICROS = 1_000_000;

interface A2AStage {
  readonly gateway: Remote<GatewayCommands>;
  readonly clients: Remote<ClientsCommands>;
  readonly httpUrl: string;
}

/** Tasks over JSON-RPC, streamed: what an answer costs, whether a long one costs more for each word, and many at once. */
export async function a2aRows(): Promise<Row[]> {
  const upstream = new Remote<PromptedUpstreamCommands>('prompted-upstream');
  const gateway = new Remote<GatewayCommands>('gateway');
  const clients = new Remote<ClientsCommands>('clients');
  const sdk = new Remote<SdkA2ACommands>('sdk-a2a');
  try {
    const { httpUrl } = await gateway.call('start', await upstream.call('start'));
    const stage = { gateway, clients, httpUrl };
    const rows: Row[] = [];
    for (const version of VERSIONS) rows.push(...(await versionRows(stage, version)));
    return [...rows, await manyRow(stage), await sdkRow(stage, sdk)];
  } finally {
    await Promise.all([sdk, clients, gateway, upstream].map((remote) => remote.stop()));
  }
}

/** CPU microseconds that a process spends on some work, and what came of it. */
async function costOf<T>(server: Remote<UsageCommands>, work: () => Promise<T>): Promise<{ readonly micros: number; readonly result: T }> {
  const before = await server.call('usage');
  const result = await work();
  const after = await server.call('usage');
  return { micros: after.cpuMicros - before.cpuMicros, result };
}

function runTasks({ gateway, clients, httpUrl }: A2AStage, version: Version, words: number, tasks = 1) {
  return costOf<TasksResult>(gateway, () => clients.call('runTasks', httpUrl, version, words, tasks));
}

/** Runs of one task each, one after the other. */
async function inTurns(stage: A2AStage, version: Version, words: number, runs: number) {
  const costs = [];
  for (let run = 0; run < runs; run += 1) costs.push(await runTasks(stage, version, words));
  return costs;
}

/** CPU microseconds of a short task, and of one that says a single word: in turns, so that a noisy machine disturbs both. */
async function shortCosts(stage: A2AStage, version: Version) {
  const costs: { readonly short: number; readonly single: number }[] = [];
  for (let round = 0; round < SHORT_ROUNDS; round += 1) {
    const [short, single] = [await averageMicros(stage, version, SHORT_WORDS), await averageMicros(stage, version, 1)];
    costs.push({ short, single });
  }
  return {
    perDelta: median(costs.map(({ short, single }) => (short - single) / (SHORT_WORDS - 1))),
    single: median(costs.map((cost) => cost.single)),
  };
}

async function averageMicros(stage: A2AStage, version: Version, words: number): Promise<number> {
  const { micros } = await costOf(stage.gateway, () => inTurns(stage, version, words, SHORT_RUNS));
  return micros / SHORT_RUNS;
}

async function versionRows(stage: A2AStage, version: Version): Promise<Row[]> {
  await inTurns(stage, version, LONG_WORDS, WARM_UP_RUNS);
  const long = await inTurns(stage, version, LONG_WORDS, LONG_RUNS);
  const micros = median(long.map((cost) => cost.micros));
  const events = median(long.map(({ result }) => result.events));
  const { perDelta: perShort, single } = await shortCosts(stage, version);
  const perLong = (micros - single) / (LONG_WORDS - 1);
  const what = `A2A ${version} over JSON-RPC`;
  return [
    {
      what: `${what}, a task of ${formatCount(LONG_WORDS)} deltas, streamed`,
      gateway: `${(micros / MICROS).toFixed(2)} s of CPU`,
      comparedWith: '–',
      result: `${formatCount(events)} events`,
      throughput: `a core ${formatCount((LONG_WORDS * MICROS) / micros)} deltas/s`,
      target: `≤ ${MAX_CPU_S} s`,
      reached: micros <= MAX_CPU_S * MICROS,
    },
    {
      what: `${what}, cost of a delta among ${formatCount(LONG_WORDS)}`,
      gateway: `${perLong.toFixed(1)} µs`,
      comparedWith: `${perShort.toFixed(1)} µs among ${SHORT_WORDS}`,
      result: `ratio ${(perLong / perShort).toFixed(2)}; a task beside its deltas ${(single / 1_000).toFixed(1)} ms`,
      throughput: '–',
      target: `ratio ≤ ${MAX_RATIO}`,
      reached: perLong / perShort <= MAX_RATIO,
    },
  ];
}

async function manyRow(stage: A2AStage): Promise<Row> {
  await runTasks(stage, '1.0', WORDS_PER_TASK, TASKS);
  const { micros, result } = await runTasks(stage, '1.0', WORDS_PER_TASK, TASKS);
  return {
    what: `A2A 1.0 over JSON-RPC, ${TASKS} tasks of ${WORDS_PER_TASK} deltas at once`,
    gateway: `${(micros / MICROS).toFixed(2)} s of CPU`,
    comparedWith: '–',
    result: `all completed after ${(result.elapsedMs / 1_000).toFixed(2)} s, ${formatCount(result.events)} events`,
    throughput: `${formatCount((TASKS * 1_000) / result.elapsedMs)} tasks/s`,
    target: 'none',
    reached: undefined,
  };
}

/** The library beside the gateway, in turns: it has no socket to write to and no OpenCode to read. */
async function sdkRow(stage: A2AStage, sdk: Remote<SdkA2ACommands>): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < SDK_RUNS; run += 1) {
    theirs.push((await costOf(sdk, () => sdk.call('run', SDK_WORDS))).micros);
    ours.push((await runTasks(stage, '1.0', SDK_WORDS)).micros);
  }
  return {
    what: `A2A 1.0, a task of ${formatCount(SDK_WORDS)} deltas; the library's cost grows with their square`,
    gateway: `${(median(ours) / 1_000).toFixed(0)} ms of CPU`,
    comparedWith: `@a2a-js/sdk's DefaultRequestHandler and InMemoryTaskStore, without socket and OpenCode: ${(median(theirs) / 1_000).toFixed(0)} ms`,
    result: `ratio ${(median(theirs) / median(ours)).toFixed(1)}`,
    throughput: '–',
    target: 'none',
    reached: undefined,
  };
}
