import { setTimeout as delay } from 'node:timers/promises';
import type { ClientsCommands } from './processes/clients.js';
import type { Remote } from './remote.js';
import { formatCount, median, type Row } from './table.js';
import type { UsageCommands } from './usage.js';

/** One of two servers under the same load. */
export interface Side {
  readonly server: Remote<UsageCommands>;
  readonly loadId: number;
  /** Lets the load run; the middle of it is measured. */
  run(durationMs: number): Promise<unknown>;
}

export interface Contest {
  readonly what: string;
  /** What is counted: calls or messages. */
  readonly unit: string;
  readonly clients: Remote<ClientsCommands>;
  readonly gateway: Side;
  readonly ceiling: Side;
  /** Messages a second that both sides have to deliver; undefined: as many as they can. */
  readonly offeredPerSecond: number | undefined;
  /** The least ratio of the ceiling's cost to the gateway's. */
  readonly target: number | undefined;
}

interface Cost {
  readonly microsPerItem: number;
  readonly perSecond: number;
}

/** A side whose load makes calls for as long as it runs. */
export function callingSide(clients: Remote<ClientsCommands>, server: Remote<UsageCommands>, loadId: number): Side {
  return { server, loadId, run: (durationMs) => clients.call('callFor', loadId, durationMs) };
}

/** What came of one contest between two processes. */
export interface Outcome {
  readonly rounds: readonly { readonly gateway: Cost; readonly ceiling: Cost }[];
  readonly lost: number;
}

/** How often each side is measured, and for how long. */
interface Turns {
  readonly rounds: number;
  readonly windowMs: number;
}

/** Long enough to be at work, short enough that both are ready at the same time. */
const WARM_UP_SLICE_MS = 200;
const SHORT_TURNS: Turns = { rounds: 21, windowMs: 500 };
const LONG_TURNS: Turns = { rounds: 6, windowMs: 4_000 };
const SETTLE_MS = 100;
/** Below this share of what was offered the two sides did not do the same work. */
const DELIVERED_SHARE = 0.97;
const MICROS = 1_000_000;

/** The server's CPU time for each message or call that arrived, in a window in the middle of a run. */
async function measure(clients: Remote<ClientsCommands>, { server, loadId, run }: Side, windowMs: number): Promise<Cost> {
  const running = run(SETTLE_MS + windowMs + SETTLE_MS);
  await delay(SETTLE_MS);
  const [used, counted] = await Promise.all([server.call('usage'), clients.call('counts', loadId)]);
  const startedAtMs = performance.now();
  await delay(windowMs);
  const [usedAfter, countedAfter] = await Promise.all([server.call('usage'), clients.call('counts', loadId)]);
  const seconds = (performance.now() - startedAtMs) / 1_000;
  await running;
  const count = countedAfter.count - counted.count;
  return { microsPerItem: (usedAfter.cpuMicros - used.cpuMicros) / count, perSecond: count / seconds };
}

/**
 * Lets both sides run in turns until each ran for so long. One after the other would not do: the first would be compiled for the calls of
 * clients that are cold themselves, and stay slower than the second by a tenth (measured with two processes of one program).
 */
export async function warmUp({ gateway, ceiling }: Pick<Contest, 'gateway' | 'ceiling'>, durationMs: number): Promise<void> {
  for (let ranMs = 0; ranMs < durationMs; ranMs += WARM_UP_SLICE_MS) {
    for (const side of [gateway, ceiling]) await side.run(WARM_UP_SLICE_MS);
  }
}

/** Measures both sides in turns, each first as often as the other, so that a noisy machine disturbs both. */
async function play({ clients, gateway, ceiling }: Contest): Promise<Outcome> {
  const { rounds, windowMs } = SHORT_TURNS;
  const costs: Outcome['rounds'][number][] = [];
  const costOf = (side: Side): Promise<Cost> => measure(clients, side, windowMs);
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) costs.push({ gateway: await costOf(gateway), ceiling: await costOf(ceiling) });
    else costs.push({ ceiling: await costOf(ceiling), gateway: await costOf(gateway) });
  }
  const lost = (await clients.call('counts', gateway.loadId)).lost + (await clients.call('counts', ceiling.loadId)).lost;
  return { rounds: costs, lost };
}

/**
 * Lets each side run for seconds, in turns, and takes all that its process used from the first turn to the last. Short windows leave out
 * what V8 does seldom, or while nobody asks for anything: full collections of garbage, and compiling.
 */
export async function endure({ clients, gateway, ceiling }: Contest): Promise<Outcome> {
  const { rounds, windowMs } = LONG_TURNS;
  const stateOf = async ({ server, loadId }: Side) => {
    const [{ cpuMicros }, { count, lost }] = await Promise.all([server.call('usage'), clients.call('counts', loadId)]);
    return { cpuMicros, count, lost };
  };
  const before = [await stateOf(gateway), await stateOf(ceiling)] as const;
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? [gateway, ceiling] : [ceiling, gateway]) await side.run(windowMs);
  }
  const after = [await stateOf(gateway), await stateOf(ceiling)] as const;
  const costOf = (side: 0 | 1): Cost => {
    const count = after[side].count - before[side].count;
    return { microsPerItem: (after[side].cpuMicros - before[side].cpuMicros) / count, perSecond: (count * 1_000) / (rounds * windowMs) };
  };
  return { rounds: [{ gateway: costOf(0), ceiling: costOf(1) }], lost: after[0].lost + after[1].lost };
}

/** The medians of one contest, or of the same between several pairs of processes. */
export function toRow({ what, unit, offeredPerSecond, target }: Contest, outcomes: readonly Outcome[]): Row {
  const costs = outcomes.flatMap(({ rounds }) => rounds);
  const lost = outcomes.reduce((sum, outcome) => sum + outcome.lost, 0);
  const gatewayMicros = median(costs.map((cost) => cost.gateway.microsPerItem));
  const ceilingMicros = median(costs.map((cost) => cost.ceiling.microsPerItem));
  const ratio = median(costs.map((cost) => cost.ceiling.microsPerItem / cost.gateway.microsPerItem));
  const perSecond = median(costs.map((cost) => cost.gateway.perSecond));
  const slowest = Math.min(perSecond, median(costs.map((cost) => cost.ceiling.perSecond)));
  const complete = lost === 0 && (offeredPerSecond === undefined || slowest >= offeredPerSecond * DELIVERED_SHARE);
  return {
    what,
    gateway: `${gatewayMicros.toFixed(2)} µs`,
    comparedWith: `${ceilingMicros.toFixed(2)} µs`,
    result: `ratio ${ratio.toFixed(2)}${complete ? '' : `, incomplete: ${lost} streams lost, ${formatCount(slowest)} ${unit}/s`}`,
    throughput: `${formatCount(perSecond)} ${unit}/s; a core ${formatCount(MICROS / gatewayMicros)}/s`,
    target: target === undefined ? 'none' : `ratio ≥ ${target}`,
    reached: target === undefined ? undefined : ratio >= target && complete,
  };
}

/** One contest between one pair of processes, in short turns. */
export async function compare(contest: Contest): Promise<Row> {
  return toRow(contest, [await play(contest)]);
}
