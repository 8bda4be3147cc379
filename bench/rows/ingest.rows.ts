import { setTimeout as delay } from 'node:timers/promises';
import { grpcDoor } from '../doors.js';
import { onStage, type Stage } from '../stage.js';
import { formatCount, median, type Row } from '../table.js';

/** Several times what OpenCode can emit, and what a reader still takes; the rest is arithmetic. */
const DELTAS_PER_SECOND = 20_000;
const WARM_UP_MS = 5_000;
const ROUNDS = 11;
const SETTLE_MS = 100;
const WINDOW_MS = 500;
const MICROS = 1_000_000;
/** Ten times what OpenCode can emit. */
const MIN_PER_SECOND = 60_000;
const SESSIONS = [1, 100, 1_000];
const MAX_RATIO = 1.15;

/** CPU microseconds of the gateway for each delta that one reader gets, while the reader keeps up. @throws Error when it does not */
async function microsPerDelta({ upstream, gateway, clients }: Stage, loadId: number): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const flood = upstream.call('play', DELTAS_PER_SECOND, SETTLE_MS + WINDOW_MS + SETTLE_MS);
    await delay(SETTLE_MS);
    const [used, counted] = await Promise.all([gateway.call('usage'), clients.call('counts', loadId)]);
    await delay(WINDOW_MS);
    const [usedAfter, countedAfter] = await Promise.all([gateway.call('usage'), clients.call('counts', loadId)]);
    await flood;
    if (countedAfter.lost > 0) throw new Error('the reader was too slow for this machine');
    costs.push((usedAfter.cpuMicros - used.cpuMicros) / (countedAfter.count - counted.count));
  }
  return median(costs);
}

/** How many deltas one core can translate for one reader. */
export const ingestRows = (): Promise<Row[]> =>
  onStage(async (stage) => {
    const loadId = await grpcDoor.open(stage, 1);
    await stage.upstream.call('play', DELTAS_PER_SECOND, WARM_UP_MS);
    const micros = await microsPerDelta(stage, loadId);
    const perSecond = MICROS / micros;
    return [
      {
        what: 'ingest: deltas of OpenCode to one reader over gRPC',
        gateway: `${micros.toFixed(2)} µs`,
        comparedWith: 'OpenCode emits 5,000 to 6,000/s',
        result: `a core ${formatCount(perSecond)}/s`,
        throughput: '–',
        target: `a core ≥ ${formatCount(MIN_PER_SECOND)}/s`,
        reached: perSecond >= MIN_PER_SECOND,
      },
    ];
  });

/** What an event costs when other sessions are known. All in one gateway, the fewest first. */
export const sessionsRows = (): Promise<Row[]> =>
  onStage(async (stage) => {
    const loadId = await grpcDoor.open(stage, 1);
    await stage.upstream.call('play', DELTAS_PER_SECOND, WARM_UP_MS);
    const rows: Row[] = [];
    let first: number | undefined;
    for (const sessions of SESSIONS) {
      await stage.upstream.call('meet', sessions - 1);
      const micros = await microsPerDelta(stage, loadId);
      first ??= micros;
      const ratio = micros / first;
      rows.push({
        what: `cost of an event with ${formatCount(sessions)} known session${sessions === 1 ? '' : 's'}`,
        gateway: `${micros.toFixed(2)} µs`,
        comparedWith: `${first.toFixed(2)} µs with one`,
        result: `ratio ${ratio.toFixed(2)}`,
        throughput: '–',
        target: sessions === 1 ? 'none' : `ratio ≤ ${MAX_RATIO}`,
        reached: sessions === 1 ? undefined : ratio <= MAX_RATIO,
      });
    }
    return rows;
  });
