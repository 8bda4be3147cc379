import type { Provider } from '@nestjs/common';
import { CONFIG, type Config } from '../../../common/config/config.js';
import { FeedSource } from './feed-source.js';
import { PushConfigService } from './push-config.service.js';
import { PushDelivery } from './push.delivery.js';
import { PushDispatcher } from './push.dispatcher.js';
import { PushSender } from './push.sender.js';
import { PushService } from './push.service.js';
import { TaskPayload } from './task-payload.js';
import { PUSH_PAYLOAD, TASK_SOURCE } from './task-source.js';
import { WebhookAddresses } from './webhook-address.js';

/** All that push notifications are made of. */
export const PUSH_PROVIDERS: Provider[] = [
  FeedSource,
  TaskPayload,
  PushSender,
  PushDelivery,
  PushDispatcher,
  PushConfigService,
  PushService,
  { provide: TASK_SOURCE, useExisting: FeedSource },
  { provide: PUSH_PAYLOAD, useExisting: TaskPayload },
  {
    provide: WebhookAddresses,
    inject: [CONFIG],
    useFactory: ({ A2A_PUSH_ALLOWED_HOSTS }: Config) => new WebhookAddresses(A2A_PUSH_ALLOWED_HOSTS),
  },
];
