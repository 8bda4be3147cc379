import { Inject, Injectable, Logger, Optional, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { MAX_PUSH_TASKS, TASK_STORE, type TaskStore } from '../task.store.js';
import { PushDelivery } from './push.delivery.js';
import { PushLine, type Attempt } from './push.line.js';
import { DEFAULT_PUSH_TIMING, PUSH_TIMING, type PushTiming } from './push.timing.js';
import { TaskFollower, type FollowerParts } from './task-follower.js';
import { TASK_SOURCE, type TaskSource } from './task-source.js';

/** Tasks that one gateway follows at once; others wait, or are another replica's. */
const MAX_FOLLOWED = 1_000;
const MAX_STOP_MS = 2_000;

/**
 * Sees to it that the receivers of every task are told, whoever else looks at the task: those of tasks that are begun here, and of those
 * whose gateway went away, which are found in the store.
 */
@Injectable()
export class PushDispatcher implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('PushNotifications');
  private readonly runs = new Map<string, { readonly follower: TaskFollower; readonly ended: Promise<void> }>();
  /** Something changed while their follower may have been about to end; and how those are told who came with it. */
  private readonly attended = new Map<string, Attempt>();
  private readonly parts: FollowerParts;
  private readonly scanMs: number;
  private timer: NodeJS.Timeout | undefined;
  private isStopping = false;

  constructor(
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(TASK_SOURCE) tasks: TaskSource,
    private readonly delivery: PushDelivery,
    metrics: Metrics,
    @Optional() @Inject(PUSH_TIMING) { leaseMs, scanMs, retries }: PushTiming = DEFAULT_PUSH_TIMING,
  ) {
    this.scanMs = scanMs;
    const giveUp = delivery.giveUp.bind(delivery);
    const newLine: FollowerParts['newLine'] = (config, attempt) => new PushLine(config, attempt, retries, giveUp);
    this.parts = { store, tasks, holder: randomUUID(), leaseMs, newLine };
    metrics.readGauge('a2a_push_tasks', 'Tasks whose receivers this gateway tells', () => this.runs.size);
  }

  onApplicationBootstrap(): void {
    void this.scan();
  }

  /** Leases are released, so that other replicas take over at once. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    clearTimeout(this.timer);
    const ended = [...this.runs.values()].map((run) => {
      run.follower.stop();
      return run.ended;
    });
    await Promise.race([Promise.all(ended), new Promise((resolve) => setTimeout(resolve, MAX_STOP_MS).unref())]);
  }

  /** Configurations of a task came, changed or went: looks at them now, and not only with the next scan. */
  attend(taskId: string): void {
    const run = this.runs.get(taskId);
    const attempt = this.delivery.forPresentCall();
    if (run === undefined) {
      this.begin(taskId, attempt);
      return;
    }
    this.attended.set(taskId, attempt);
    // Should it fail, the next look tells.
    run.follower.refresh(attempt).catch(() => undefined);
  }

  private begin(taskId: string, attempt: Attempt): void {
    if (this.isStopping || this.runs.size >= MAX_FOLLOWED) return;
    const follower = new TaskFollower(taskId, this.parts, attempt);
    this.runs.set(taskId, { follower, ended: this.run(taskId, follower) });
  }

  private async run(taskId: string, follower: TaskFollower): Promise<void> {
    try {
      await follower.run();
    } catch (error) {
      this.tellFailure(`The receivers of task ${taskId} could not be told`, error);
      this.attended.delete(taskId);
    }
    this.runs.delete(taskId);
    const attempt = this.attended.get(taskId);
    this.attended.delete(taskId);
    if (attempt !== undefined) this.begin(taskId, attempt);
  }

  private async scan(): Promise<void> {
    try {
      const attempt = this.delivery.forPresentCall();
      for (const taskId of await this.store.unfinishedPushTasks(MAX_PUSH_TASKS)) if (!this.runs.has(taskId)) this.begin(taskId, attempt);
    } catch (error) {
      this.tellFailure('Tasks with receivers could not be listed', error);
    }
    if (this.isStopping) return;
    // Replicas that start together shall not ask together for ever.
    this.timer = setTimeout(() => void this.scan(), this.scanMs * (0.75 + Math.random() / 2)).unref();
  }

  private tellFailure(what: string, error: unknown): void {
    // That the store is away it says itself, once for all tasks.
    const isStoreAway = error instanceof GatewayError && error.reason === 'STORE_UNAVAILABLE';
    this.logger[isStoreAway ? 'debug' : 'warn'](`${what}; trying again: ${String(error)}`);
  }
}
