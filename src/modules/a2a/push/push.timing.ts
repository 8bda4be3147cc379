import { PUSH_RETRIES, type RetryPolicy } from './retry-schedule.js';

/** Injection token of the PushTiming; without a provider it is DEFAULT_PUSH_TIMING. */
export const PUSH_TIMING = Symbol('PUSH_TIMING');

export interface PushTiming {
  /** For one attempt, from the look-up of the name to the end of the answer. */
  readonly attemptMs: number;
  /** After a crash, others take over after so long and a scan, at the latest. */
  readonly leaseMs: number;
  readonly scanMs: number;
  readonly retries: RetryPolicy;
}

/** The specification recommends 10 to 30 s for an attempt. */
export const DEFAULT_PUSH_TIMING: PushTiming = { attemptMs: 10_000, leaseMs: 30_000, scanMs: 10_000, retries: PUSH_RETRIES };
