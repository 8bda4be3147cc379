import { setTimeout as delay } from 'node:timers/promises';
import { doors, type Door } from '../doors.js';
import { onStage } from '../stage.js';
import { formatCount, type Row } from '../table.js';

/** Nearly twice what OpenCode can send, and what a reader that reads can still take: both runs must be given the same. */
const DELTAS_PER_SECOND = 10_000;
const WARM_UP_MS = 1_500;
const FLOOD_MS = 10_000;
const SAMPLE_MS = 250;
const MAX_DIFFERENCE_MB = 5;
const MB = 1_000_000;

/** How much larger the gateway's RSS is than before the flood, in MB. */
interface Growth {
  readonly peak: number;
  /** At the end, without garbage. */
  readonly kept: number;
  readonly lost: number;
}

/** What a reader that stops reading costs the gateway. */
export async function slowReaderRows(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const door of doors) rows.push(toRow(door, await growth(door, false), await growth(door, true)));
  return rows;
}

function growth(door: Door, paused: boolean): Promise<Growth> {
  return onStage(async (stage) => {
    const { upstream, gateway, clients } = stage;
    const loadId = await door.open(stage, 1);
    await upstream.call('play', DELTAS_PER_SECOND, WARM_UP_MS);
    const before = await gateway.call('usageAfterGc');
    if (paused) await clients.call('pause', loadId);
    const flood = upstream.call('play', DELTAS_PER_SECOND, FLOOD_MS);
    let peakBytes = before.rssBytes;
    for (let elapsedMs = 0; elapsedMs < FLOOD_MS; elapsedMs += SAMPLE_MS) {
      await delay(SAMPLE_MS);
      peakBytes = Math.max(peakBytes, (await gateway.call('usage')).rssBytes);
    }
    await flood;
    const after = await gateway.call('usageAfterGc');
    const { lost } = await clients.call('counts', loadId);
    return { peak: (peakBytes - before.rssBytes) / MB, kept: (after.rssBytes - before.rssBytes) / MB, lost };
  });
}

function toText({ peak, kept }: Growth): string {
  return `peak +${peak.toFixed(1)} MB, after GC ${kept.toFixed(1)} MB`;
}

function toRow(door: Door, reading: Growth, paused: Growth): Row {
  const difference = Math.max(paused.peak - reading.peak, paused.kept - reading.kept);
  const complete = reading.lost === 0;
  return {
    what: `${door.name}, memory with a paused reader, ${formatCount(DELTAS_PER_SECOND)} deltas/s for ${FLOOD_MS / 1_000} s`,
    gateway: `${toText(paused)}`,
    comparedWith: `a reader that reads: ${toText(reading)}`,
    result: `difference ${difference.toFixed(1)} MB${complete ? '' : ', but the reading reader was lost'}`,
    throughput: '–',
    target: `difference ≤ ${MAX_DIFFERENCE_MB} MB`,
    reached: difference <= MAX_DIFFERENCE_MB && complete,
  };
}
