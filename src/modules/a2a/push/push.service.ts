import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { PushNotificationNotSupportedError } from '@a2a-js/sdk/errors';
import { Inject, Injectable } from '@nestjs/common';
import type { A2ACall } from '../a2a.call.js';
import { A2A_RULES, type A2ARules } from '../a2a.rules.js';
import type { PushConfig } from '../task.store.js';
import { PushConfigService } from './push-config.service.js';

type Asked = Omit<TaskPushNotificationConfig, 'tenant'>;

/** Push configurations in the protocol's messages. Whose a task is, is known before any of this. */
@Injectable()
export class PushService {
  constructor(
    private readonly configs: PushConfigService,
    @Inject(A2A_RULES) private readonly rules: A2ARules,
  ) {}

  /** Refuses before a task is begun what would be refused behind it. @throws GatewayError as PushConfigService.create; PushNotificationNotSupportedError */
  async check(asked: Asked, call: A2ACall): Promise<void> {
    this.requireOn();
    await this.configs.check(toRequest(asked, call));
  }

  /** @throws as PushConfigService.create; PushNotificationNotSupportedError where the operator switched it off */
  async create(asked: Asked, call: A2ACall): Promise<TaskPushNotificationConfig> {
    this.requireOn();
    return toMessage(await this.configs.create(toRequest(asked, call)));
  }

  /** @throws as PushConfigService.get */
  async get(taskId: string, configId: string): Promise<TaskPushNotificationConfig> {
    this.requireOn();
    return toMessage(await this.configs.get(taskId, configId));
  }

  async list(taskId: string): Promise<TaskPushNotificationConfig[]> {
    this.requireOn();
    return (await this.configs.list(taskId)).map(toMessage);
  }

  async delete(taskId: string, configId: string): Promise<void> {
    this.requireOn();
    await this.configs.delete(taskId, configId);
  }

  private requireOn(): void {
    if (!this.rules.pushes) throw new PushNotificationNotSupportedError('Push notifications are switched off here');
  }
}

function toRequest({ taskId, id, url, token, authentication }: Asked, { version, caller }: A2ACall) {
  return { taskId, id, url, token, authentication, version, ownerId: caller.principal.id };
}

function toMessage({ taskId, id, url, token, authentication }: PushConfig): TaskPushNotificationConfig {
  return { tenant: '', taskId, id, url, token, authentication: authentication && { ...authentication } };
}
