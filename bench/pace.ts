import { performance } from 'node:perf_hooks';

/**
 * Calls `send` with the number of messages that are due, at a steady rate; gives how many were sent.
 *
 * It wakes once a message and never more than once a millisecond, so that its own cost stays out of the measurement.
 */
export function pace(perSecond: number, durationMs: number, send: (count: number) => void): Promise<number> {
  const startedAtMs = performance.now();
  let sent = 0;
  return new Promise((resolve) => {
    const tick = (): void => {
      const elapsedMs = performance.now() - startedAtMs;
      if (elapsedMs >= durationMs) return resolve(sent);
      const due = Math.floor((elapsedMs * perSecond) / 1_000) - sent;
      if (due > 0) {
        sent += due;
        send(due);
      }
      const nextInMs = ((sent + 1) * 1_000) / perSecond - (performance.now() - startedAtMs);
      setTimeout(tick, Math.max(1, nextInMs));
    };
    tick();
  });
}
