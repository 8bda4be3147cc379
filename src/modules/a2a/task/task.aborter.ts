import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Caller } from '../../../common/access/caller.js';
import { TurnService } from '../../message/turn.service.js';
import type { TaskRef } from '../a2a.model.js';
import { TaskMetrics, type AbortOutcome } from './task.metrics.js';
import { TASK_OPTIONS, type TaskOptions } from './task.options.js';

/** Ends what canceled tasks do. Best effort: a task is canceled whether OpenCode lets go of it in time or not. */
@Injectable()
export class TaskAborter {
  private readonly logger = new Logger(TaskAborter.name);

  constructor(
    private readonly turns: TurnService,
    private readonly metrics: TaskMetrics,
    @Inject(TASK_OPTIONS) private readonly options: TaskOptions,
  ) {}

  /** Resolves at the latest when the time is up. */
  async abort({ sessionId, turnId }: TaskRef, caller: Caller): Promise<AbortOutcome> {
    this.metrics.onAbort();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'timeout'>((resolve) => (timer = setTimeout(resolve, this.options.abortTimeoutMs, 'timeout')));
    const aborted = this.turns.abortOne(sessionId, turnId, caller).then(
      () => 'success' as const,
      (error: unknown) => {
        this.logger.warn(`Turn ${turnId} of session ${sessionId} could not be aborted: ${String(error)}`);
        return 'error' as const;
      },
    );
    const outcome = await Promise.race([aborted, late]);
    clearTimeout(timer);
    this.metrics.onAborted(outcome);
    return outcome;
  }
}
