import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type TaskView } from '../a2a.model.js';
import type { PushConfig } from '../task.store.js';
import type { PushAttempt } from './push.sender.js';
import { RetrySchedule, type RetryPolicy } from './retry-schedule.js';

/** Tries to tell a receiver once. */
export type Attempt = (config: PushConfig, view: TaskView, signal: AbortSignal) => Promise<PushAttempt>;

/** `told`: of the end, or given up after it; `gone`: it wants to hear nothing more; `stopped`: by us, before. */
export type LineEnd = 'told' | 'gone' | 'stopped';

/**
 * Tells one receiver of one task's changes, one after another and in their order.
 *
 * What a slow receiver has not taken yet is replaced by what is newer, so that never more than one view waits. A terminal view is the
 * last that is told, so nothing replaces it.
 */
export class PushLine {
  /** Fails when an attempt itself does, not when it says so. */
  readonly ended: Promise<LineEnd>;
  private readonly ending = new AbortController();
  private next: TaskView | undefined;
  private wake: () => void = () => undefined;

  constructor(
    readonly config: PushConfig,
    private readonly attempt: Attempt,
    private readonly policy: RetryPolicy,
    private readonly giveUp: (config: PushConfig, view: TaskView, why: string) => void,
  ) {
    this.ended = this.run();
    // Who waits for it hears of it; when nobody does any more, nobody must.
    this.ended.catch(() => undefined);
  }

  tell(view: TaskView): void {
    this.next = view;
    this.wake();
  }

  stop(): void {
    this.ending.abort();
    this.wake();
  }

  private async run(): Promise<LineEnd> {
    try {
      for (;;) {
        const view = await this.deliver(await this.newest());
        if (view === 'gone') return 'gone';
        if (isTerminal(view.state)) return 'told';
      }
    } catch (error) {
      if (this.ending.signal.aborted) return 'stopped';
      throw error;
    }
  }

  private async newest(): Promise<TaskView> {
    for (;;) {
      this.ending.signal.throwIfAborted();
      const view = this.next;
      this.next = undefined;
      if (view !== undefined) return view;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Gives what was told in the end, or would have been. */
  private async deliver(first: TaskView): Promise<TaskView | 'gone'> {
    const schedule = new RetrySchedule(this.policy);
    for (let view = first; ;) {
      const attempt = await this.attempt(this.config, view, this.ending.signal);
      if (attempt.outcome === 'gone') return 'gone';
      if (attempt.outcome === 'delivered') return view;
      const waitMs = attempt.outcome === 'failed' ? schedule.nextMs(attempt.retryAfterMs) : undefined;
      if (waitMs === undefined) {
        this.giveUp(this.config, view, attempt.why);
        return view;
      }
      await pause(waitMs, undefined, { signal: this.ending.signal });
      if (this.next !== undefined) {
        view = await this.newest();
        schedule.renew();
      }
    }
  }
}
