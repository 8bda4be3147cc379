import type { TerminalState } from '../a2a.model.js';
import { MAX_PUSH_CONFIGS_PER_TASK, MAX_PUSH_TASKS, type PushConfig, type TaskNotes, type TaskStore } from '../task.store.js';
import { RedisConnection } from './redis-connection.js';
import { DELETE_PUSH_CONFIG, FINISH_PUSH, LEASE, PUT_PUSH_CONFIG, RELEASE } from './redis-scripts.js';
import { KEPT_FOR_MS, tooManyPushConfigs, tooManyPushTasks } from './store-limits.js';
import { fromStoredNotes, fromStoredPushConfig, fromStoredState, toStoredNotes, toStoredPushConfig } from './stored.mapper.js';

const PREFIX = 'ogw:a2a:';
const KEPT = { expiration: { type: 'PX', value: KEPT_FOR_MS } } as const;

const keys = {
  notes: (taskId: string) => `${PREFIX}notes:${taskId}`,
  end: (taskId: string) => `${PREFIX}end:${taskId}`,
  binding: (key: string) => `${PREFIX}bind:${key}`,
  lease: (key: string) => `${PREFIX}lease:${key}`,
  pushConfigs: (taskId: string) => `${PREFIX}push:${taskId}`,
  unfinishedPush: (taskId: string) => `${PREFIX}push-unfinished:${taskId}`,
  pushTasks: `${PREFIX}push-tasks`,
};

/** The store that all replicas share: Redis from 7.0, or Valkey. */
export class RedisTaskStore implements TaskStore {
  private readonly connection: RedisConnection;

  /** @param url - `redis[s]://[user:password@]host[:port][/database]`, or `unix:///path` of a socket */
  constructor(url: string, onFailure?: () => void) {
    this.connection = new RedisConnection(url, onFailure);
  }

  async notes(taskId: string): Promise<TaskNotes | undefined> {
    const text = await this.connection.run((redis) => redis.get(keys.notes(taskId)));
    return text === null ? undefined : fromStoredNotes(text);
  }

  async note(taskId: string, notes: TaskNotes): Promise<void> {
    await this.connection.run((redis) => redis.set(keys.notes(taskId), toStoredNotes(notes), KEPT));
  }

  async settle(taskId: string, state: TerminalState): Promise<TerminalState> {
    const standing = await this.connection.run((redis) => redis.set(keys.end(taskId), state, { ...KEPT, condition: 'NX', GET: true }));
    return standing === null ? state : fromStoredState(standing);
  }

  async terminalState(taskId: string): Promise<TerminalState | undefined> {
    const text = await this.connection.run((redis) => redis.get(keys.end(taskId)));
    return text === null ? undefined : fromStoredState(text);
  }

  async bind(key: string, value: string, ttlMs: number): Promise<string> {
    const expiration = { type: 'PX', value: ttlMs } as const;
    const standing = await this.connection.run((redis) => redis.set(keys.binding(key), value, { expiration, condition: 'NX', GET: true }));
    return standing ?? value;
  }

  async bound(key: string): Promise<string | undefined> {
    return (await this.connection.run((redis) => redis.get(keys.binding(key)))) ?? undefined;
  }

  async putPushConfig(config: PushConfig): Promise<void> {
    const limits = [String(MAX_PUSH_CONFIGS_PER_TASK), String(MAX_PUSH_TASKS)];
    const refusal = await this.evalPush(PUT_PUSH_CONFIG, config.taskId, [config.id, toStoredPushConfig(config), ...limits]);
    if (refusal === 1) throw tooManyPushConfigs();
    if (refusal === 2) throw tooManyPushTasks();
  }

  async pushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    const texts = await this.connection.run((redis) => redis.hVals(keys.pushConfigs(taskId)));
    return texts.map(fromStoredPushConfig);
  }

  async unfinishedPushConfigs(taskId: string): Promise<readonly PushConfig[]> {
    const texts = await this.connection.run((redis) => redis.hVals(keys.unfinishedPush(taskId)));
    return texts.map(fromStoredPushConfig);
  }

  async deletePushConfig(taskId: string, configId: string): Promise<boolean> {
    return (await this.evalPush(DELETE_PUSH_CONFIG, taskId, [configId, String(KEPT_FOR_MS)])) === 1;
  }

  async unfinishedPushTasks(limit: number): Promise<readonly string[]> {
    return this.connection.run((redis) => redis.zRange(keys.pushTasks, 0, limit - 1));
  }

  async finishPush(config: PushConfig): Promise<void> {
    await this.evalPush(FINISH_PUSH, config.taskId, [config.id, String(KEPT_FOR_MS), toStoredPushConfig(config)]);
  }

  async lease(key: string, holder: string, ttlMs: number): Promise<boolean> {
    const lease = { keys: [keys.lease(key)], arguments: [holder, String(ttlMs)] };
    return (await this.connection.run((redis) => redis.eval(LEASE, lease))) === 1;
  }

  async release(key: string, holder: string): Promise<void> {
    await this.connection.run((redis) => redis.eval(RELEASE, { keys: [keys.lease(key)], arguments: [holder] }));
  }

  async close(): Promise<void> {
    this.connection.close();
  }

  /** Nest ends what it made. */
  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  private evalPush(script: string, taskId: string, parameters: readonly string[]): Promise<unknown> {
    const ofTask = { keys: [keys.pushConfigs(taskId), keys.unfinishedPush(taskId), keys.pushTasks], arguments: [taskId, ...parameters] };
    return this.connection.run((redis) => redis.eval(script, ofTask));
  }
}
