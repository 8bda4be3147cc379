import { setTimeout as delay } from 'node:timers/promises';
import { doors, type Door } from '../doors.js';
import { onStage } from '../stage.js';
import { formatCount, type Row } from '../table.js';

const STREAMS = 1_000;
const DELTAS_PER_SECOND = 10;
const MINUTE_MS = 60_000;
const WARM_UP_MINUTES = 2;
const MINUTES = 10;
const MAX_GROWTH_MB = 10;
const MB = 1_000_000;

/** Whether memory stays where it is while many read for long. */
export async function soakRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const door of doors) rows.push(await toRow(door));
  return rows;
}

function toRow(door: Door): Promise<Row> {
  return onStage(async ({ upstream, gateway, clients, ...rest }) => {
    const loadId = await door.open({ upstream, gateway, clients, ...rest }, STREAMS);
    await upstream.call('play', DELTAS_PER_SECOND, WARM_UP_MINUTES * MINUTE_MS);
    const before = await gateway.call('usageAfterGc');
    for (let minute = WARM_UP_MINUTES; minute < MINUTES; minute += 1) await upstream.call('play', DELTAS_PER_SECOND, MINUTE_MS);
    await delay(1_000);
    const after = await gateway.call('usageAfterGc');
    const { count, lost } = await clients.call('counts', loadId);
    const growthMb = (after.rssBytes - before.rssBytes) / MB;
    return {
      what: `${door.name}, ${formatCount(STREAMS)} streams open for ${MINUTES} minutes, ${DELTAS_PER_SECOND} deltas/s each`,
      gateway: `RSS ${formatCount(after.rssBytes / MB)} MB at the end`,
      comparedWith: `RSS ${formatCount(before.rssBytes / MB)} MB after ${WARM_UP_MINUTES} minutes`,
      result: `${growthMb >= 0 ? '+' : ''}${growthMb.toFixed(1)} MB; ${lost} streams lost`,
      throughput: `${formatCount(count)} messages`,
      target: `growth ≤ ${MAX_GROWTH_MB} MB`,
      reached: growthMb <= MAX_GROWTH_MB && lost === 0,
    };
  });
}
