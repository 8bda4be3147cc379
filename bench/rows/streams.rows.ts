import { setTimeout as delay } from 'node:timers/promises';
import { compare } from '../compare.js';
import { doors, type Door } from '../doors.js';
import type { Audience } from '../processes/upstream.js';
import { onStage } from '../stage.js';
import { formatCount, type Row } from '../table.js';

interface FanOut {
  readonly streams: number;
  readonly deltasPerSecond: number;
  readonly target: number | undefined;
}

/** Longer and faster than what is measured: what runs 40 times a second takes its time to be compiled. */
const WARM_UP_MS = 4_000;
const WARM_UP_FACTOR = 1.5;
/** Faster than OpenCode can be (5,000 to 6,000/s). */
const ONE_STREAM_RATE = 10_000;
const FAN_OUT_TARGET = 0.85;

/** A single reader. Reading OpenCode is not spread over readers here, so there is no target. */
export const oneStreamRows = (): Promise<Row[]> => rowsOf([{ streams: 1, deltasPerSecond: ONE_STREAM_RATE, target: undefined }]);

/** One session, many readers, as fast as the reading process keeps up with, so that nobody is dropped. */
export const fanOutRows = (): Promise<Row[]> =>
  rowsOf([
    { streams: 100, deltasPerSecond: 600, target: FAN_OUT_TARGET },
    { streams: 1_000, deltasPerSecond: 40, target: FAN_OUT_TARGET },
  ]);

async function rowsOf(fanOuts: readonly FanOut[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const door of doors) for (const fanOut of fanOuts) rows.push(await toRow(door, fanOut));
  return rows;
}

async function toRow(door: Door, { streams, deltasPerSecond, target }: FanOut): Promise<Row> {
  const ceiling = door.startCeiling();
  try {
    return await onStage(async (stage) => {
      const { upstream, upstreamUrl, gateway, clients } = stage;
      const play = (audience: Audience) => (durationMs: number) => upstream.call('play', deltasPerSecond, durationMs, audience);
      const singleLoadId = await door.open(stage, 1);
      await upstream.call('play', ONE_STREAM_RATE, WARM_UP_MS);
      await clients.call('close', singleLoadId);
      const loadId = await door.open(stage, streams);
      const warmUp = upstream.call('play', deltasPerSecond * WARM_UP_FACTOR, WARM_UP_MS);
      await delay(WARM_UP_MS / 2);
      await ceiling.call('setPayload', await clients.call('sample', loadId));
      await warmUp;
      const ceilingLoadId = await door.open(stage, streams, await ceiling.call('start'));
      await ceiling.call('follow', upstreamUrl);
      await upstream.call('play', deltasPerSecond * WARM_UP_FACTOR, WARM_UP_MS, 'ceiling');
      return compare({
        what: `${door.name}, ${formatCount(streams)} stream${streams === 1 ? '' : 's'}, ${formatCount(deltasPerSecond)} deltas/s`,
        unit: 'msg',
        clients,
        gateway: { server: gateway, loadId, run: play('gateway') },
        ceiling: { server: ceiling, loadId: ceilingLoadId, run: play('ceiling') },
        offeredPerSecond: deltasPerSecond * streams,
        target,
      });
    });
  } finally {
    await ceiling.stop();
  }
}
