import { randomUUID } from 'node:crypto';
import { NoTracer } from '../../src/common/tracing/tracer.js';
import { Metrics } from '../../src/common/metrics/metrics.js';
import { PushConfigService } from '../../src/modules/a2a/push/push-config.service.js';
import { PushDelivery } from '../../src/modules/a2a/push/push.delivery.js';
import { PushDispatcher } from '../../src/modules/a2a/push/push.dispatcher.js';
import { PushSender } from '../../src/modules/a2a/push/push.sender.js';
import type { PushTiming } from '../../src/modules/a2a/push/push.timing.js';
import type { PushPayload } from '../../src/modules/a2a/push/task-source.js';
import { WebhookAddresses } from '../../src/modules/a2a/push/webhook-address.js';
import type { PushConfig, TaskStore } from '../../src/modules/a2a/task.store.js';
import { pushConfig } from './push-config.js';
import type { ScriptedTasks } from './scripted-tasks.js';
import type { WebhookReceiver } from './webhook-receiver.js';

/** Quick where it may be; what must not happen in a test (a lease that ends) is far away. */
export const QUICK: PushTiming = {
  attemptMs: 10_000,
  leaseMs: 60_000,
  scanMs: 50,
  retries: { minMs: 5, maxMs: 20, maxTries: 4, maxTotalMs: 60_000 },
};

const payload: PushPayload = {
  bodyOf: ({ id, state, asks }, version) => Promise.resolve({ version, id, state, asks: asks.map((ask) => ask.id) }),
};

/** All of one gateway that push notifications need. */
export class PushGateway {
  readonly metrics = new Metrics();
  readonly dispatcher: PushDispatcher;
  readonly configs: PushConfigService;
  private readonly sender: PushSender;

  constructor(store: TaskStore, tasks: ScriptedTasks, timing = QUICK) {
    const addresses = new WebhookAddresses(['127.0.0.1']);
    this.sender = new PushSender(addresses, new NoTracer(), timing);
    const delivery = new PushDelivery(store, payload, this.sender, this.metrics);
    this.dispatcher = new PushDispatcher(store, tasks, delivery, this.metrics, timing);
    this.configs = new PushConfigService(store, addresses, this.dispatcher);
    this.dispatcher.onApplicationBootstrap();
  }

  async stop(): Promise<void> {
    await this.dispatcher.onModuleDestroy();
    await this.sender.onApplicationShutdown();
  }

  /** Has a receiver told of a task. */
  tell(receiver: WebhookReceiver, taskId: string, given: Partial<PushConfig> = {}): Promise<PushConfig> {
    return this.configs.create(pushConfig({ taskId, url: receiver.url, ...given }));
  }
}

export function newTaskId(): string {
  return `ses_${randomUUID()}.msg_1`;
}

/** The states of which a receiver was told, in that order. */
export function statesAt(receiver: WebhookReceiver): unknown[] {
  return receiver.received.map(({ body }) => (body as { readonly state: unknown }).state);
}

/** A store that a gateway loses for good, or for a while. */
export function losable(store: TaskStore): { readonly store: TaskStore; lose(): void; find(): void } {
  let isLost = false;
  const proxy = new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]): unknown =>
        isLost ? Promise.reject(new Error('the store is away')) : Reflect.apply(member, target, parameters);
    },
  });
  return { store: proxy, lose: () => void (isLost = true), find: () => void (isLost = false) };
}
