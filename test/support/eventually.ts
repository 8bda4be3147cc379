import { setTimeout as pause } from 'node:timers/promises';

/** Waits for what must become true; the test's own time limit is the limit. */
export async function eventually(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await pause(20);
}
