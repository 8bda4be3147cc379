import { Test } from '@nestjs/testing';
import { NoTracer, Tracer } from '../../../common/tracing/tracer.js';
import { eventually } from '../../../../test/support/eventually.js';
import { pushConfig } from '../../../../test/support/push-config.js';
import { newTaskId } from '../../../../test/support/push-rig.js';
import { ScriptedTasks } from '../../../../test/support/scripted-tasks.js';
import { WebhookReceiver } from '../../../../test/support/webhook-receiver.js';
import { Metrics } from '../../../common/metrics/metrics.js';
import { openTaskStore } from '../store/open-task-store.js';
import { TASK_STORE, type TaskStore } from '../task.store.js';
import { PushConfigService } from './push-config.service.js';
import { PUSH_PROVIDERS } from './push.providers.js';
import { PUSH_PAYLOAD, TASK_SOURCE, type PushPayload } from './task-source.js';
import { WebhookAddresses } from './webhook-address.js';

describe('PUSH_PROVIDERS', () => {
  it('tell receivers in a module of Nest, without more than they say they need', async () => {
    const [task, tasks, receiver] = [newTaskId(), new ScriptedTasks(), await WebhookReceiver.start()];
    const payload: PushPayload = { bodyOf: ({ state }) => Promise.resolve({ state }) };
    const module = await Test.createTestingModule({
      providers: [
        { provide: Tracer, useClass: NoTracer },
        ...PUSH_PROVIDERS,
        Metrics,
        { provide: TASK_STORE, useFactory: () => openTaskStore({ url: undefined }) },
        { provide: TASK_SOURCE, useValue: tasks },
        { provide: PUSH_PAYLOAD, useValue: payload },
        { provide: WebhookAddresses, useFactory: () => new WebhookAddresses(['127.0.0.1']) },
      ],
    }).compile();
    await module.init();

    tasks.change(task, 'completed');
    await module.get(PushConfigService).create(pushConfig({ taskId: task, url: receiver.url }));
    await receiver.has(1);
    const store = module.get<TaskStore>(TASK_STORE);
    await eventually(async () => (await store.unfinishedPushTasks(1)).length === 0);
    await module.close();
    await receiver.stop();

    expect(receiver.received.map(({ body }) => body)).toEqual([{ state: 'completed' }]);
  });
});
