import { MemoryTaskStore } from '../../src/modules/a2a/store/memory-task.store.js';
import { RedisTaskStore } from '../../src/modules/a2a/store/redis-task.store.js';
import type { TaskStore } from '../../src/modules/a2a/task.store.js';
import { findRedisServer, TestRedisServer } from './redis-server.js';

/** A kind of store, and what it stands on. */
export interface TaskStoreRig {
  readonly name: string;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Those of two replicas; what is in memory is shared by being the same. */
  readonly open: () => readonly [TaskStore, TaskStore];
}

/** Every kind that can be had here. */
export function taskStoreRigs(): readonly TaskStoreRig[] {
  const program = findRedisServer();
  return [inMemory(), ...(program === undefined ? [] : [inRedis(program)])];
}

function inMemory(): TaskStoreRig {
  const open = (): readonly [TaskStore, TaskStore] => {
    const store = new MemoryTaskStore();
    return [store, store];
  };
  return { name: 'MemoryTaskStore', start: async () => undefined, stop: async () => undefined, open };
}

function inRedis(program: string): TaskStoreRig {
  let redis: TestRedisServer | undefined;
  return {
    name: 'RedisTaskStore',
    start: async () => void (redis = await TestRedisServer.start(program)),
    stop: async () => redis?.stop(),
    open: () => [new RedisTaskStore(redis?.url ?? ''), new RedisTaskStore(redis?.url ?? '')],
  };
}
