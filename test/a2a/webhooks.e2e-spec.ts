import type { Client } from '@a2a-js/sdk/client';
import { bash, end } from '../support/asks.js';
import { asTask, connect, sending } from '../support/a2a-client.js';
import { script } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

interface ToldTask {
  readonly id: string;
  readonly kind?: string;
  readonly status: { readonly state: string; readonly message?: { readonly parts: readonly unknown[] } };
}

const CASES = [
  ['0.3', ['working', 'input-required', 'working', 'completed'], (body: unknown) => body as ToldTask],
  [
    '1.0',
    ['TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_WORKING', 'TASK_STATE_COMPLETED'],
    (body: unknown) => (body as { readonly task: ToldTask }).task,
  ],
] as const;

describe('push notifications of turns', () => {
  let test: TestGateway;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    test = await startTestGateway({ permission: { bash: 'ask' }, settings: { A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1' } });
  });

  afterAll(async () => {
    await test.stop();
    await receiver.stop();
  });

  beforeEach(() => void receiver.received.splice(0));

  describe.each(CASES)('in version %s', (version, states, taskIn) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, 'JSONRPC', version);
    });

    const told = (): ToldTask[] => receiver.received.map(({ body }) => taskIn(body));

    it('tell what a send waits for, what it asks and how it ends', async () => {
      const request = sending(script([{ t: 'text', n: 20, ms: 25 }, bash], [end]));
      const taskPushNotificationConfig = {
        tenant: '',
        taskId: '',
        id: 'hook',
        url: receiver.url,
        token: 'tell-me-apart',
        authentication: { scheme: 'Bearer', credentials: 'open-sesame' },
      };
      const configuration = { acceptedOutputModes: [], returnImmediately: false, taskPushNotificationConfig };

      const asking = asTask(await client.sendMessage({ ...request, configuration }));
      // It asks no sooner than it was told.
      await receiver.has(2);
      await client.sendMessage(sending('once', { taskId: asking.id }));
      await receiver.has(4);

      expect(told().map(({ status }) => status.state)).toEqual(states);
      expect(new Set(told().map(({ id }) => id))).toEqual(new Set([asking.id]));
      expect(told().map(({ kind }) => kind)).toEqual(states.map(() => (version === '0.3' ? 'task' : undefined)));
      expect(JSON.stringify(told()[1]?.status.message)).toContain('permission');
      for (const { headers } of receiver.received) {
        expect(headers).toMatchObject({ 'x-a2a-notification-token': 'tell-me-apart', authorization: 'Bearer open-sesame' });
      }
      expect(JSON.stringify(receiver.received.map(({ body }) => body))).not.toMatch(/tell-me-apart|open-sesame/);
    });
  });
});
