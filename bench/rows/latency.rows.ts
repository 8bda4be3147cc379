import type { LatencyProbeCommands } from '../processes/latency-probe.js';
import { Remote } from '../remote.js';
import { grpcDeltas, onStage, type Stage } from '../stage.js';
import { formatCount, percentile, type Row } from '../table.js';

const MAX_P50_MS = 0.5;
const MAX_P99_MS = 5;
const WARM_UP = { perSecond: 1_000, durationMs: 2_000 };
const RUNS = [
  { perSecond: 50, durationMs: 15_000 },
  { perSecond: 2_000, durationMs: 6_000 },
];

/** How much later a delta arrives through the gateway than at a direct reader of OpenCode. */
export function latencyRows(): Promise<Row[]> {
  const probe = new Remote<LatencyProbeCommands>('latency-probe');
  return onStage(async (stage) => {
    await probe.call('start', stage.upstreamUrl, grpcDeltas(stage, 1));
    await addedMs(stage, probe, WARM_UP);
    const rows: Row[] = [];
    for (const run of RUNS) rows.push(toRow(run.perSecond, await addedMs(stage, probe, run)));
    return rows;
  }).finally(() => probe.stop());
}

async function addedMs({ upstream }: Stage, probe: Remote<LatencyProbeCommands>, { perSecond, durationMs }: typeof WARM_UP) {
  await upstream.call('play', perSecond, durationMs);
  return probe.call('takeAddedMs');
}

function toRow(perSecond: number, added: readonly number[]): Row {
  const p50 = percentile(added, 0.5);
  const p99 = percentile(added, 0.99);
  return {
    what: `gRPC, added latency at ${formatCount(perSecond)} deltas/s`,
    gateway: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
    comparedWith: 'direct reader of OpenCode',
    result: `max ${Math.max(...added).toFixed(1)} ms`,
    throughput: `${formatCount(added.length)} deltas`,
    target: `p50 ≤ ${MAX_P50_MS} ms, p99 ≤ ${MAX_P99_MS} ms`,
    reached: p50 <= MAX_P50_MS && p99 <= MAX_P99_MS,
  };
}
