import { once } from 'node:events';
import { unlessMissing } from '../../../common/errors/gateway-error.js';
import { KeyedLock } from '../../../common/streams/keyed-lock.js';
import { isTerminal, type TaskView } from '../a2a.model.js';
import type { PushConfig, TaskStore } from '../task.store.js';
import { isSamePushConfig } from './push-config.mapper.js';
import type { Attempt, PushLine } from './push.line.js';
import type { TaskSource } from './task-source.js';

export interface FollowerParts {
  readonly store: TaskStore;
  readonly tasks: TaskSource;
  /** Of this gateway: no other has the same. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly newLine: (config: PushConfig, attempt: Attempt) => PushLine;
}

/**
 * Follows one task for all its receivers, while this gateway holds the lease of it: of all replicas one tells.
 *
 * Whatever goes wrong ends it; who holds the lease next begins with the task's present view. So nothing that stands is left untold, and
 * something may be told twice.
 */
export class TaskFollower {
  private readonly lines = new Map<string, PushLine>();
  private readonly ending = new AbortController();
  /** Reading the configurations and acting on what was read are one step. */
  private readonly lock = new KeyedLock();
  private readonly leaseKey: string;
  private leasedUntilMs = 0;
  private view: TaskView | undefined;
  private told = '';
  private failure: Error | undefined;

  constructor(
    private readonly taskId: string,
    private readonly parts: FollowerParts,
    private attempt: Attempt,
  ) {
    this.leaseKey = `push:${taskId}`;
  }

  /**
   * Resolves once there is nothing to do here any more: all were told, somebody else does it, or it was stopped.
   *
   * @throws what went wrong
   */
  async run(): Promise<void> {
    if (!(await this.renewLease())) return;
    const renewal = setInterval(() => void this.renew(), this.parts.leaseMs / 3).unref();
    try {
      await this.refresh();
      await this.follow();
    } catch (error) {
      if (!this.ending.signal.aborted) throw error;
    } finally {
      clearInterval(renewal);
      this.stop();
      // One that cannot be released ends by itself.
      await this.parts.store.release(this.leaseKey, this.parts.holder).catch(() => undefined);
    }
    if (this.failure !== undefined) throw this.failure;
  }

  stop(): void {
    this.ending.abort();
    for (const line of this.lines.values()) line.stop();
  }

  /**
   * Takes note of configurations that came, changed or went. Who has none to serve ends.
   *
   * @param attempt - for those that came, from now on
   */
  refresh(attempt = this.attempt): Promise<void> {
    // At once: others take note too, and whoever is first opens the line.
    this.attempt = attempt;
    return this.lock.run('', async () => {
      if (this.leasedUntilMs === 0) return;
      const configs = new Map((await this.parts.store.unfinishedPushConfigs(this.taskId)).map((config) => [config.id, config]));
      if (this.ending.signal.aborted) return;
      for (const [id, line] of this.lines) {
        const config = configs.get(id);
        if (config !== undefined && isSamePushConfig(config, line.config)) configs.delete(id);
        else this.drop(line);
      }
      for (const config of configs.values()) this.open(config);
      if (this.lines.size === 0) this.stop();
    });
  }

  private async follow(): Promise<void> {
    const { signal } = this.ending;
    if (signal.aborted) return;
    try {
      for await (const view of this.parts.tasks.follow(this.taskId, signal)) await this.take(view);
    } catch (error) {
      unlessMissing(error);
      await this.forget();
      return;
    }
    if (this.view === undefined || !isTerminal(this.view.state)) return;
    // Until everybody knows how it ended, those too who come meanwhile: then nobody is left to serve.
    if (!signal.aborted) await once(signal, 'abort');
  }

  private async take(view: TaskView): Promise<void> {
    const news = [view.state, ...view.asks.map(({ id }) => id)].join(' ');
    if (view.state === 'submitted' || news === this.told) return;
    this.told = news;
    // Lines that are new begin with the view that is then the present one.
    await this.refresh();
    this.view = view;
    for (const line of this.lines.values()) line.tell(view);
  }

  /** Nobody can be told of a task that is gone. */
  private async forget(): Promise<void> {
    for (const config of await this.parts.store.unfinishedPushConfigs(this.taskId)) await this.parts.store.finishPush(config);
  }

  private open(config: PushConfig): void {
    const line = this.parts.newLine(config, this.attempt);
    this.lines.set(config.id, line);
    this.close(line).catch((error: Error) => {
      this.failure ??= error;
      this.stop();
    });
    if (this.view !== undefined) line.tell(this.view);
  }

  /** Waits for a line to end. */
  private async close(line: PushLine): Promise<void> {
    const end = await line.ended;
    if (end === 'stopped') return;
    await this.lock.run('', async () => {
      if (end === 'told') await this.parts.store.finishPush(line.config);
      if (this.lines.get(line.config.id) === line) this.lines.delete(line.config.id);
    });
    await this.refresh();
  }

  private drop(line: PushLine): void {
    line.stop();
    this.lines.delete(line.config.id);
  }

  private async renew(): Promise<void> {
    try {
      if (await this.renewLease()) await this.refresh();
      else this.stop();
    } catch {
      // The store may be back before the lease is somebody else's.
      if (performance.now() >= this.leasedUntilMs) this.stop();
    }
  }

  private async renewLease(): Promise<boolean> {
    const beganMs = performance.now();
    const { store, holder, leaseMs } = this.parts;
    const isHeld = await store.lease(this.leaseKey, holder, leaseMs);
    if (isHeld) this.leasedUntilMs = beganMs + leaseMs;
    return isHeld;
  }
}
