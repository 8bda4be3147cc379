import type { Provider } from '@nestjs/common';
import { PushConfigService } from './push-config.service.js';
import { PushDelivery } from './push.delivery.js';
import { PushDispatcher } from './push.dispatcher.js';
import { PushSender } from './push.sender.js';

/** Push notifications. They need a TASK_STORE, a TASK_SOURCE, a PUSH_PAYLOAD and WebhookAddresses beside them. */
export const PUSH_PROVIDERS: Provider[] = [PushSender, PushDelivery, PushDispatcher, PushConfigService];
