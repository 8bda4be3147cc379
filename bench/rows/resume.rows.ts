import { setTimeout as delay } from 'node:timers/promises';
import { grpcDeltas, onStage, type Stage } from '../stage.js';
import { formatCount, median, type Row } from '../table.js';

const EVENTS = 10_000;
const ROUNDS = 7;
const CHECK_MS = 2;
const MB = 1_000_000;

interface Resume {
  readonly toLiveMs: number;
  readonly peakBytes: number;
}

/** A reader that had nothing but the first event: until it has all of the others. */
async function resume(stage: Stage): Promise<Resume> {
  const { clients, gateway } = stage;
  const startedAtMs = performance.now();
  const loadId = await clients.call('openGrpcStreams', grpcDeltas(stage, 1, true), 1);
  let peakBytes = 0;
  for (;;) {
    const [{ count }, { rssBytes }] = await Promise.all([clients.call('counts', loadId), gateway.call('usage')]);
    peakBytes = Math.max(peakBytes, rssBytes);
    if (count >= EVENTS - 1) break;
    await delay(CHECK_MS);
  }
  const toLiveMs = performance.now() - startedAtMs;
  await clients.call('close', loadId);
  return { toLiveMs, peakBytes };
}

async function fetchHistory(upstreamUrl: string): Promise<number> {
  const startedAtMs = performance.now();
  const response = await fetch(`${upstreamUrl}/sync/history`, { method: 'POST', body: '{}' });
  await response.json();
  return performance.now() - startedAtMs;
}

/** A reader that comes back from before what the gateway keeps in memory. */
export const resumeRows = (): Promise<Row[]> =>
  onStage(async (stage) => {
    await stage.upstream.call('remember', EVENTS);
    const before = await stage.gateway.call('usageAfterGc');
    const resumes: Resume[] = [];
    const fetches: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      fetches.push(await fetchHistory(stage.upstreamUrl));
      resumes.push(await resume(stage));
      // OpenCode is left alone between two readings.
      await delay(2_000);
    }
    const after = await stage.gateway.call('usageAfterGc');
    const toLiveMs = median(resumes.map((one) => one.toLiveMs));
    const plainMs = median(fetches);
    const peakMb = Math.max(...resumes.map(({ peakBytes }) => peakBytes - before.rssBytes)) / MB;
    return [
      {
        what: `resume of ${formatCount(EVENTS)} events out of OpenCode's history, over gRPC`,
        gateway: `${toLiveMs.toFixed(0)} ms to live`,
        comparedWith: `reading the history alone: ${plainMs.toFixed(0)} ms`,
        result: `ratio ${(toLiveMs / plainMs).toFixed(1)}; RSS peak +${peakMb.toFixed(0)} MB, after GC +${((after.rssBytes - before.rssBytes) / MB).toFixed(0)} MB`,
        throughput: `${formatCount((EVENTS * 1_000) / toLiveMs)} events/s`,
        target: 'none',
        reached: undefined,
      },
    ];
  });
