import type { TerminalState } from '../a2a.model.js';
import { MAX_PUSH_CONFIGS_PER_TASK, MAX_PUSH_TASKS, type PushConfig, type TaskNotes, type TaskStore } from '../task.store.js';
import { ExpiringMap } from './expiring-map.js';
import { KEPT_FOR_MS, tooManyPushConfigs, tooManyPushTasks } from './store-limits.js';
import { toStoredPushConfig } from './stored.mapper.js';

const MAX_ENTRIES = 10_000;

type Configs = Map<string, PushConfig>;

/** The store of a gateway that stands alone. What it holds ends with the process. */
export class MemoryTaskStore implements TaskStore {
  private readonly notesByTask = new ExpiringMap<TaskNotes>(MAX_ENTRIES);
  private readonly ends = new ExpiringMap<TerminalState>(MAX_ENTRIES);
  private readonly bindings: ExpiringMap<string>;
  private readonly leases = new ExpiringMap<string>(MAX_ENTRIES);
  /** Of tasks that have unfinished ones: these, and all. */
  private readonly unfinished = new Map<string, Configs>();
  private readonly configs = new Map<string, Configs>();
  private readonly finished = new ExpiringMap<Configs>(MAX_ENTRIES);

  constructor(maxBindings = MAX_ENTRIES) {
    this.bindings = new ExpiringMap(maxBindings);
  }

  async notes(taskId: string): Promise<TaskNotes | undefined> {
    return this.notesByTask.get(taskId);
  }

  async note(taskId: string, notes: TaskNotes): Promise<void> {
    this.notesByTask.set(taskId, notes, KEPT_FOR_MS);
  }

  async settle(taskId: string, state: TerminalState): Promise<TerminalState> {
    const standing = this.ends.get(taskId);
    if (standing === undefined) this.ends.set(taskId, state, KEPT_FOR_MS);
    return standing ?? state;
  }

  async terminalState(taskId: string): Promise<TerminalState | undefined> {
    return this.ends.get(taskId);
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    const standing = this.bindings.get(key);
    if (standing === undefined) this.bindings.set(key, value, ttlMs);
    return standing ?? value;
  }

  async bound(key: string): Promise<string | undefined> {
    return this.bindings.get(key);
  }

  async putPushConfig(config: PushConfig): Promise<void> {
    const { taskId, id } = config;
    const all = this.configs.get(taskId) ?? this.finished.get(taskId) ?? new Map<string, PushConfig>();
    if (!all.has(id) && all.size >= MAX_PUSH_CONFIGS_PER_TASK) throw tooManyPushConfigs();
    if (!this.unfinished.has(taskId) && this.unfinished.size >= MAX_PUSH_TASKS) throw tooManyPushTasks();
    this.finished.delete(taskId);
    this.configs.set(taskId, all.set(id, config));
    this.unfinished.set(taskId, (this.unfinished.get(taskId) ?? new Map<string, PushConfig>()).set(id, config));
  }

  async pushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    return [...(this.configs.get(taskId) ?? this.finished.get(taskId) ?? [])].map(([, config]) => config);
  }

  async unfinishedPushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    return [...(this.unfinished.get(taskId)?.values() ?? [])];
  }

  async deletePushConfig(taskId: string, configId: string): Promise<boolean> {
    const wasThere = (this.configs.get(taskId) ?? this.finished.get(taskId))?.delete(configId) ?? false;
    this.unfinished.get(taskId)?.delete(configId);
    this.settlePushTask(taskId);
    return wasThere;
  }

  async unfinishedPushTasks(limit: number): Promise<readonly string[]> {
    return [...this.unfinished.keys()].slice(0, limit);
  }

  async finishPush(config: PushConfig): Promise<void> {
    const unfinished = this.unfinished.get(config.taskId);
    const current = unfinished?.get(config.id);
    if (current !== undefined && toStoredPushConfig(current) === toStoredPushConfig(config)) unfinished?.delete(config.id);
    this.settlePushTask(config.taskId);
  }

  async lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    if ((this.leases.get(key) ?? holder) !== holder) return false;
    this.leases.set(key, holder, ttlMs);
    return true;
  }

  async release(key: string, holder: string): Promise<void> {
    if (this.leases.get(key) === holder) this.leases.delete(key);
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }

  /** What nobody is to be told any more need not be kept for as long as the process lives. */
  private settlePushTask(taskId: string): void {
    const all = this.configs.get(taskId);
    if (all === undefined || this.unfinished.get(taskId)?.size !== 0) return;
    this.unfinished.delete(taskId);
    this.configs.delete(taskId);
    if (all.size > 0) this.finished.set(taskId, all, KEPT_FOR_MS);
  }
}
