import type { TerminalState } from './a2a.model.js';

/** What a caller asked for when it began a task; nothing of it stands in OpenCode. */
export interface TaskNotes {
  readonly contextId: string;
  /** Media types that the caller takes; empty: any. */
  readonly outputModes: readonly string[];
}

/** Whom to tell of a task's changes. */
export interface PushConfig {
  readonly taskId: string;
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly authentication: { readonly scheme: string; readonly credentials: string } | undefined;
  /** Of the caller who made it: the payload is in its words. */
  readonly version: '0.3' | '1.0';
  /** Id of the principal who made it. */
  readonly ownerId: string;
}

/** How many may wait for one task, and how many tasks may have such. */
export const MAX_PUSH_CONFIGS_PER_TASK = 10;
export const MAX_PUSH_TASKS = 10_000;

/** Injection token of the TaskStore. */
export const TASK_STORE = Symbol('TASK_STORE');

/**
 * What A2A keeps beside OpenCode's records: conveniences that may be lost, and push configurations that must not be.
 *
 * With an engine behind it that all replicas share, what one of them notes the others know.
 *
 * @throws GatewayError UNAVAILABLE from every method while the engine does not answer
 */
export interface TaskStore {
  notes(taskId: string): Promise<TaskNotes | undefined>;
  note(taskId: string, notes: TaskNotes): Promise<void>;
  /** Keeps the first terminal state of a task, and gives the one that stands. */
  settle(taskId: string, state: TerminalState): Promise<TerminalState>;
  terminalState(taskId: string): Promise<TerminalState | undefined>;
  /** Binds a key (a caller's context, a message that is sent twice) to a value for a time, unless it is bound; gives what it is bound to. */
  bind(key: string, value: string, ttlMs: number): Promise<string>;
  bound(key: string): Promise<string | undefined>;
  /**
   * Replaces the one with the same id; it is unfinished from then on.
   *
   * @throws GatewayError RESOURCE_EXHAUSTED for the eleventh of a task, and when too many tasks have unfinished ones
   */
  putPushConfig(config: PushConfig): Promise<void>;
  pushConfigs(taskId: string): Promise<readonly PushConfig[]>;
  /** Those whose receivers are yet to be told of the task's end. */
  unfinishedPushConfigs(taskId: string): Promise<readonly PushConfig[]>;
  /** True when there was one. */
  deletePushConfig(taskId: string, configId: string): Promise<boolean>;
  /** Tasks that have unfinished configurations, oldest first. */
  unfinishedPushTasks(limit: number): Promise<readonly string[]>;
  /** The receiver was told of the task's end, or given up. Nothing happens when the configuration was replaced meanwhile. */
  finishPush(config: PushConfig): Promise<void>;
  /** Takes or renews the exclusive right to do something, for a time; false when somebody else has it. */
  lease(key: string, holder: string, ttlMs: number): Promise<boolean>;
  release(key: string, holder: string): Promise<void>;
  close(): Promise<void>;
}
