import type { Artifact, Part, StreamResponse } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { asTask, collectItems, connect, sending, WAYS } from '../support/a2a-client.js';
import { legacySend, rpc, type LegacyItem } from '../support/a2a-wire.js';
import { end } from '../support/asks.js';
import { eventually } from '../support/eventually.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const VALUE = { key: 'value', count: 42 };
const JSON_TOO = { outputModes: ['text/plain', 'application/json; charset=utf-8'] };

function writing(content: string): Operation {
  return { t: 'tool', name: 'write', args: { filePath: 'output.json', content } };
}

const wrote = script([writing(JSON.stringify(VALUE))], [end]);

/** Values that are the file's; what tools did is data too. */
function filesIn(artifacts: readonly Pick<Artifact, 'parts'>[]): Part[] {
  const parts = artifacts.flatMap((artifact) => artifact.parts);
  return parts.filter(({ content }) => content?.$case === 'url' || (content?.$case === 'data' && isFile(content.value)));
}

function isFile(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'key' in value;
}

function artifactsIn(items: readonly StreamResponse[]): Artifact[] {
  return items.flatMap(({ payload }) => (payload?.$case === 'artifactUpdate' ? (payload.value.artifact ?? []) : []));
}

describe('a JSON file that the agent writes', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { A2A_PUSH_ALLOWED_HOSTS: '127.0.0.1' } });
  });

  afterAll(() => test.stop());

  describe.each(WAYS)('over %s in version %s', (binding, version) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, binding, version);
    });

    it('is data to who names JSON among what it takes, in the answer and whenever the task is looked at', async () => {
      const sent = asTask(await client.sendMessage(sending(wrote, JSON_TOO)));
      const found = await client.getTask({ tenant: '', id: sent.id });

      for (const { artifacts } of [sent, found]) {
        const files = filesIn(artifacts);
        expect(files.map(({ content }) => content?.value as unknown)).toEqual([VALUE]);
        if (version === '1.0') expect(files.map(({ filename }) => filename)).toEqual(['output.json']);
      }
    });

    it('is data in the stream, and to who comes to it later', async () => {
      const begun = asTask(
        await client.sendMessage(
          sending(script([{ t: 'text', n: 10, ms: 40 }, writing(JSON.stringify(VALUE))], [end]), { ...JSON_TOO, returnImmediately: true }),
        ),
      );

      const [streamed, followed] = await Promise.all([
        collectItems(client.sendMessageStream(sending(wrote, JSON_TOO))),
        collectItems(client.resubscribeTask({ tenant: '', id: begun.id })),
      ]);

      for (const items of [streamed, followed]) {
        expect(filesIn(artifactsIn(items)).map(({ content }) => content?.value as unknown)).toEqual([VALUE]);
      }
    });
  });

  describe.each(['0.3', '1.0'] as const)('in version %s', (version) => {
    let client: Client;

    beforeAll(async () => {
      client = await connect(test, 'JSONRPC', version);
    });

    const kindsFor = async (text: string, outputModes: string[]) =>
      filesIn(asTask(await client.sendMessage(sending(text, { outputModes }))).artifacts).map(({ content }) => content?.$case);

    it.each([[[]], [['text/plain']], [['*/*']], [['text/plain', 'application/*']]])('is no data to who takes %j', async (outputModes) => {
      expect(await kindsFor(wrote, outputModes)).toEqual(version === '1.0' ? ['url'] : []);
    });

    it('is no data when it holds no JSON', async () => {
      expect(await kindsFor(script([writing('{"key":')], [end]), JSON_TOO.outputModes)).toEqual(version === '1.0' ? ['url'] : []);
    });

    it('is data to receivers of push notifications too, if it is to who has them told', async () => {
      const told = await Promise.all([JSON_TOO.outputModes, ['text/plain']].map((outputModes) => endToldOf(wrote, outputModes)));

      expect(told.map((body) => body.includes(`"data":${JSON.stringify(VALUE)}`))).toEqual([true, false]);
      // Neither is what the tool did.
      expect(told[1]).not.toContain('"data":');
    });

    /** What a receiver was told of the end. */
    async function endToldOf(text: string, acceptedOutputModes: string[]): Promise<string> {
      const receiver = await WebhookReceiver.start();
      const hook = { tenant: '', taskId: '', id: 'hook', url: receiver.url, token: '', authentication: undefined };
      const configuration = { acceptedOutputModes, returnImmediately: false, taskPushNotificationConfig: hook };
      await client.sendMessage({ ...sending(text), configuration });
      const last = (): string => JSON.stringify(receiver.received.at(-1)?.body ?? null);
      await eventually(() => /completed/i.test(last()));
      await receiver.stop();
      return last();
    }
  });

  it('has its name in the metadata of the part where version 0.3 has no other place', async () => {
    const configuration = { acceptedOutputModes: JSON_TOO.outputModes };
    const told = { data: { data: VALUE }, metadata: { filename: 'output.json' } };

    const message = { messageId: 'named', role: 'ROLE_USER', content: [{ text: wrote }] };
    const response = await fetch(`${test.httpUrl}/v1/message:send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, configuration: { ...configuration, blocking: true } }),
    });
    const sent = await rpc<LegacyItem>(test.httpUrl, 'message/send', legacySend(wrote, {}, { configuration }));

    expect(await response.json()).toMatchObject({ task: { artifacts: [{ parts: [{ text: 'end' }, told] }] } });
    expect(sent.result?.artifacts?.[0]?.parts[1]).toEqual({ kind: 'data', data: VALUE, metadata: { filename: 'output.json' } });
  });

  it('is a list only in version 1.0: data is an object in version 0.3', async () => {
    const lists = script([writing('[1,2]')], [end]);
    const [legacy, current] = await Promise.all(
      (['0.3', '1.0'] as const).map(async (version) =>
        asTask(await (await connect(test, 'JSONRPC', version)).sendMessage(sending(lists, JSON_TOO))),
      ),
    );

    const partsOf = (task: typeof legacy) => task?.artifacts.flatMap(({ parts }) => parts.map(({ content }) => content?.value as unknown));
    expect(partsOf(current)).toContainEqual([1, 2]);
    expect(partsOf(legacy)).toEqual(['end']);
  });
});
