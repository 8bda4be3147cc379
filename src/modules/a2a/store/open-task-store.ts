import type { TaskStore } from '../task.store.js';
import { MemoryTaskStore } from './memory-task.store.js';
import { RedisTaskStore } from './redis-task.store.js';
import { ResilientTaskStore } from './resilient-task.store.js';

export interface TaskStoreOptions {
  /** Of a Redis or Valkey that all replicas share; undefined: this process alone remembers. */
  readonly url: string | undefined;
  /** Of contexts and of messages sent twice, that a process remembers by itself. */
  readonly maxBindings?: number;
  /** Called whenever what replicas share could not be asked. */
  readonly onFailure?: () => void;
}

/** The store that the settings ask for. */
export function openTaskStore({ url, maxBindings, onFailure }: TaskStoreOptions): TaskStore {
  const local = new MemoryTaskStore(maxBindings);
  return url === undefined ? local : new ResilientTaskStore(new RedisTaskStore(url, onFailure), local);
}
