import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { PushNotificationNotSupportedError } from '@a2a-js/sdk/errors';
import { Injectable } from '@nestjs/common';
import type { A2ACall } from './a2a.call.js';

@Injectable()
export class PushService {
  require(_: TaskPushNotificationConfig): void {
    throw new PushNotificationNotSupportedError();
  }
  create(_: TaskPushNotificationConfig, __: A2ACall): Promise<TaskPushNotificationConfig> {
    return Promise.reject(new PushNotificationNotSupportedError());
  }
  get(_: string, __: string): Promise<TaskPushNotificationConfig> {
    return Promise.reject(new PushNotificationNotSupportedError());
  }
  list(_: string): Promise<TaskPushNotificationConfig[]> {
    return Promise.reject(new PushNotificationNotSupportedError());
  }
  delete(_: string, __: string): Promise<void> {
    return Promise.reject(new PushNotificationNotSupportedError());
  }
}
