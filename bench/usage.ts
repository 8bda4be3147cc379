import { setTimeout as delay } from 'node:timers/promises';

/** What a process has used so far, and holds now. */
export interface Usage {
  /** All threads, user and system. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

export type UsageCommands = typeof usageCommands;

/** Commands of every process whose costs are counted. */
export const usageCommands = {
  usage(): Usage {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpuMicros: user + system, rssBytes: rss, heapBytes: heapUsed };
  },

  /** The same when all garbage is gone. Needs `node --expose-gc`. */
  async usageAfterGc(): Promise<Usage> {
    for (let round = 0; round < 4; round += 1) {
      global.gc?.();
      await delay(100);
    }
    return usageCommands.usage();
  },
};
