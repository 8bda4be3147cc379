import { doors, type Door } from '../doors.js';
import { onStage } from '../stage.js';
import { formatCount, type Row } from '../table.js';

const STREAMS = 2_000;
const WARM_UP_STREAMS = 50;
const MAX_RSS_KIB = 32;
const KIB = 1_024;

/** What a stream costs on which nothing happens. */
export async function memoryRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const door of doors) rows.push(await toRow(door));
  return rows;
}

function toRow(door: Door): Promise<Row> {
  return onStage(async (stage) => {
    await door.open(stage, WARM_UP_STREAMS);
    const before = await stage.gateway.call('usageAfterGc');
    await door.open(stage, STREAMS);
    const after = await stage.gateway.call('usageAfterGc');
    const rssKib = (after.rssBytes - before.rssBytes) / STREAMS / KIB;
    const heapKib = (after.heapBytes - before.heapBytes) / STREAMS / KIB;
    return {
      what: `${door.name}, memory of ${formatCount(STREAMS)} idle streams`,
      gateway: `RSS ${rssKib.toFixed(1)} KiB, heap ${heapKib.toFixed(1)} KiB each`,
      comparedWith: `RSS ${formatCount(before.rssBytes / KIB / KIB)} MiB without them`,
      result: `RSS ${formatCount(after.rssBytes / KIB / KIB)} MiB with them`,
      throughput: '–',
      target: `RSS ≤ ${MAX_RSS_KIB} KiB each`,
      reached: rssKib <= MAX_RSS_KIB,
    };
  });
}
