import type { TerminalState } from '../a2a.model.js';
import type { PushConfig, TaskNotes, TaskStore } from '../task.store.js';
import { MemoryTaskStore } from './memory-task.store.js';

/**
 * A shared store that may go away without stopping the work: what it holds for convenience is remembered here as well.
 *
 * While it is away tasks are begun, told and canceled all the same, and replicas know of each other's what OpenCode tells. What must
 * not be lost, push configurations and leases, waits for it.
 */
export class ResilientTaskStore implements TaskStore {
  constructor(
    private readonly shared: TaskStore,
    private readonly local: TaskStore = new MemoryTaskStore(),
  ) {}

  /** @throws GatewayError UNAVAILABLE for what is not known here: it may be known elsewhere */
  async notes(taskId: string): Promise<TaskNotes | undefined> {
    try {
      return await this.shared.notes(taskId);
    } catch (error) {
      const known = await this.local.notes(taskId);
      if (known === undefined) throw error;
      return known;
    }
  }

  async note(taskId: string, notes: TaskNotes): Promise<void> {
    await this.local.note(taskId, notes);
    await this.shared.note(taskId, notes).catch(() => undefined);
  }

  async settle(taskId: string, state: TerminalState): Promise<TerminalState> {
    const counting = await this.shared.settle(taskId, state).catch(() => this.local.settle(taskId, state));
    return this.local.settle(taskId, counting);
  }

  terminalState(taskId: string): Promise<TerminalState | undefined> {
    return this.shared.terminalState(taskId).catch(() => this.local.terminalState(taskId));
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    const bound = await this.shared.bind(key, value, ttlMs).catch(() => this.local.bind(key, value, ttlMs));
    return this.local.bind(key, bound, ttlMs);
  }

  bound(key: string): Promise<string | undefined> {
    return this.shared.bound(key).catch(() => this.local.bound(key));
  }

  putPushConfig(config: PushConfig): Promise<void> {
    return this.shared.putPushConfig(config);
  }

  pushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    return this.shared.pushConfigs(taskId);
  }

  unfinishedPushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    return this.shared.unfinishedPushConfigs(taskId);
  }

  deletePushConfig(taskId: string, configId: string): Promise<boolean> {
    return this.shared.deletePushConfig(taskId, configId);
  }

  unfinishedPushTasks(limit: number): Promise<readonly string[]> {
    return this.shared.unfinishedPushTasks(limit);
  }

  finishPush(config: PushConfig): Promise<void> {
    return this.shared.finishPush(config);
  }

  lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    return this.shared.lease(key, holder, ttlMs);
  }

  release(key: string, holder: string): Promise<void> {
    return this.shared.release(key, holder);
  }

  close(): Promise<void> {
    return this.shared.close();
  }
}
