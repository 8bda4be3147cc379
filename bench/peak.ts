import { setTimeout as delay } from 'node:timers/promises';
import type { Remote } from './remote.js';
import type { UsageCommands } from './usage.js';

const SAMPLE_MS = 50;

/** Runs a task and gives how far the server's RSS rose above what it was before, in bytes. */
export async function peakGrowth(server: Remote<UsageCommands>, task: () => Promise<void>): Promise<number> {
  const { rssBytes } = await server.call('usageAfterGc');
  let peakBytes = rssBytes;
  let running = true;
  const work = task().finally(() => (running = false));
  while (running) {
    peakBytes = Math.max(peakBytes, (await server.call('usage')).rssBytes);
    await delay(SAMPLE_MS);
  }
  await work;
  return peakBytes - rssBytes;
}
