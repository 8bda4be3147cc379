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
  putPushConfig(config: PushConfig): Promise<void>;
  pushConfigs(taskId: string): Promise<readonly PushConfig[]>;
  /** True when there was one. */
  deletePushConfig(taskId: string, configId: string): Promise<boolean>;
  /** Tasks that have configurations and were not told to have ended, oldest first. */
  unfinishedPushTasks(limit: number): Promise<readonly string[]>;
  /** Everybody who had to be was told of the task's end. */
  finishPush(taskId: string): Promise<void>;
  /** Takes or renews the exclusive right to do something, for a time; false when somebody else has it. */
  lease(key: string, holder: string, ttlMs: number): Promise<boolean>;
  release(key: string, holder: string): Promise<void>;
  close(): Promise<void>;
}
