import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import { TASK_STORE, type PushConfig, type TaskStore } from '../task.store.js';
import { toPushConfig, withoutSecrets, type PushConfigRequest } from './push-config.mapper.js';
import { PushDispatcher } from './push.dispatcher.js';
import { WebhookAddresses } from './webhook-address.js';

/** Whom to tell of a task. That the task is the caller's is for the caller of these methods to know; secrets are in no answer. */
@Injectable()
export class PushConfigService {
  constructor(
    @Inject(TASK_STORE) private readonly store: TaskStore,
    private readonly addresses: WebhookAddresses,
    private readonly dispatcher: PushDispatcher,
  ) {}

  /**
   * Keeps a configuration, in the place of one with the same id, and serves it from now on. On a task that has ended it is told of that.
   *
   * Without an id it gets one; in 0.3 that of the task, by which 0.3's `get` without an id asks.
   *
   * @throws GatewayError INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNAVAILABLE
   */
  async create(asked: PushConfigRequest): Promise<PushConfig> {
    const config = await this.check(asked);
    await this.store.putPushConfig(config);
    this.dispatcher.attend(config.taskId);
    return withoutSecrets(config);
  }

  /** What would be kept. @throws GatewayError INVALID_ARGUMENT */
  async check(asked: PushConfigRequest): Promise<PushConfig> {
    const config = toPushConfig(asked, asked.version === '0.3' ? asked.taskId : randomUUID());
    await this.addresses.check(new URL(config.url));
    return config;
  }

  /** @throws GatewayError NOT_FOUND */
  async get(taskId: string, configId: string): Promise<PushConfig> {
    const config = (await this.list(taskId)).find(({ id }) => id === configId);
    if (config === undefined) throw GatewayError.notFound('push configuration', configId);
    return config;
  }

  async list(taskId: string): Promise<readonly PushConfig[]> {
    return (await this.store.pushConfigs(taskId)).map(withoutSecrets);
  }

  /** Nothing is sent to its receiver any more. Deleting what is not there is no failure. */
  async delete(taskId: string, configId: string): Promise<void> {
    await this.store.deletePushConfig(taskId, configId);
    this.dispatcher.attend(taskId);
  }
}
