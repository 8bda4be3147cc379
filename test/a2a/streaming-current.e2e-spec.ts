import { asTask, connect, sending } from '../support/a2a-client.js';
import {
  chunksIn,
  current,
  currentSend,
  legacySend,
  rpc,
  rpcStream,
  type CurrentArtifact,
  type CurrentItem,
  type LegacyItem,
} from '../support/a2a-wire.js';
import { collect } from '../support/conversation.js';
import { script } from '../support/scripted-model.js';
import { glob, retried } from '../support/streamed-turns.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const HINTS = 'urn:a2a:stream-hints/v1';

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway();
});

afterAll(() => test.stop());

const artifactsIn = (items: readonly CurrentItem[]) => items.flatMap(({ artifactUpdate }) => artifactUpdate ?? []);

describe('streams in version 1.0', () => {
  const everything = script(
    [{ t: 'reasoning', value: 'thinking' }, { t: 'text', value: 'before' }, glob],
    [{ t: 'text', value: 'after', chunk: 2, ms: 20 }],
  );

  const stream = (text: string, ...extensions: string[]): Promise<CurrentItem[]> =>
    collect(rpcStream<CurrentItem>(test.httpUrl, 'SendStreamingMessage', currentSend(text), current(...extensions)));

  it('tells an artifact for each text and each tool, and no names of the predecessor’s, to who negotiates nothing', async () => {
    const items = await stream(everything);

    const artifacts = artifactsIn(items);
    const names = new Map(artifacts.map(({ artifact }) => [artifact.artifactId, artifact.name]));
    expect([...names.values()]).toEqual(['answer', 'tool:glob', 'answer']);
    expect(JSON.stringify(items)).not.toContain('thinking"');
    expect(items.filter((item) => Object.values(item).some((each: { metadata?: object }) => each.metadata !== undefined))).toEqual([]);
    expect(JSON.stringify(artifacts)).not.toMatch(/"[a-z]+_[a-z_]+":/);
    for (const id of names.keys()) {
      const own = artifacts.filter(({ artifact, append }) => artifact.artifactId === id && (append !== true || artifact.name === 'answer'));
      expect(own[0]?.append ?? false).toBe(false);
    }
  });

  it('tells thoughts and metadata to who negotiates the stream hints', async () => {
    const items = await stream(everything, HINTS);

    const names = [...new Map(artifactsIn(items).map(({ artifact }) => [artifact.artifactId, artifact.name])).values()];
    expect(names).toEqual(['reasoning', 'answer', 'tool:glob', 'answer']);
    expect(artifactsIn(items)[0]?.metadata).toMatchObject({ shared: { stream: { block_type: 'reasoning', role: 'agent' } } });
    expect(items.at(-1)?.statusUpdate?.metadata).toMatchObject({ shared: { usage: { input_tokens: 20 } } });
  });

  it('shows answers before tools in a task, and thoughts last to who negotiates them', async () => {
    const [{ task } = {}] = await stream(everything);
    const get = (...extensions: string[]) =>
      rpc<{ artifacts: readonly CurrentArtifact[] }>(test.httpUrl, 'GetTask', { id: task?.id }, current(...extensions));

    const plain = await get();
    const hinted = await get(HINTS);

    expect(plain.result?.artifacts.map(({ name }) => name)).toEqual(['answer', 'answer', 'tool:glob']);
    expect(hinted.result?.artifacts.map(({ name }) => name)).toEqual(['answer', 'answer', 'tool:glob', 'reasoning']);
    expect(plain.result?.artifacts.map(({ parts }) => parts[0]?.text).slice(0, 2)).toEqual(['before', 'after']);
  });

  it('T105 T120 tells an artifact anew where a retry made it another', async () => {
    const items = await stream(script(retried));

    const texts = new Map<string, string>();
    for (const { artifact, append } of artifactsIn(items)) {
      const told = artifact.parts.map(({ text = '' }) => text).join('');
      texts.set(artifact.artifactId, append === true ? `${texts.get(artifact.artifactId) ?? ''}${told}` : told);
    }
    expect([...texts.values()].filter((text) => text !== '')).toEqual(['partial answer']);
  });
});

describe('what a caller takes', () => {
  const spoken = script([glob], [{ t: 'text', value: 'end' }]);
  const toolIn = ({ artifacts }: { artifacts: readonly CurrentArtifact[] }) => artifacts.find(({ name }) => name === 'tool:glob')?.parts[0];

  it('refuses who takes no text', async () => {
    const { error } = await rpc(
      test.httpUrl,
      'SendMessage',
      currentSend(spoken, {}, { configuration: { acceptedOutputModes: ['image/png'] } }),
      current(),
    );

    expect(error).toMatchObject({ code: -32005, message: expect.stringContaining('text/plain') as string });
  });

  it.each([['*/*'], ['text/*'], ['text/plain; charset=utf-8']])('takes %s as text', async (mode) => {
    const client = await connect(test, 'JSONRPC', '1.0');

    expect(asTask(await client.sendMessage(sending(script([{ t: 'text', value: 'a' }]), { outputModes: [mode] }))).artifacts).toHaveLength(
      1,
    );
  });

  it('tells tools as JSON text to who takes no data, in the answer and whenever the task is looked at', async () => {
    const configuration = { acceptedOutputModes: ['text/plain'] };
    const sent = await rpc<{ task: { id: string; artifacts: CurrentArtifact[] } }>(
      test.httpUrl,
      'SendMessage',
      currentSend(spoken, {}, { configuration }),
      current(),
    );
    const id = sent.result?.task.id;
    const found = await rpc<{ artifacts: CurrentArtifact[] }>(test.httpUrl, 'GetTask', { id }, current());
    const items = await collect(rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend(spoken, {}, { configuration })));

    for (const task of [sent.result?.task, found.result]) {
      const part = task && toolIn(task);
      expect(JSON.parse(part?.text ?? '')).toMatchObject({ tool: 'glob', status: 'success' });
    }
    expect(chunksIn(items).flatMap(({ artifact }) => artifact.parts.map(({ kind }) => kind))).not.toContain('data');
  });

  it('keeps to it for who comes back to a running task', async () => {
    const configuration = { acceptedOutputModes: ['text/plain'], returnImmediately: true };
    const slow = script([{ t: 'text', value: 'slowly', chunk: 1, ms: 60 }, glob], [{ t: 'text', value: 'end' }]);
    const sent = await rpc<{ task: { id: string } }>(test.httpUrl, 'SendMessage', currentSend(slow, {}, { configuration }), current());

    const items = await collect(rpcStream<CurrentItem>(test.httpUrl, 'SubscribeToTask', { id: sent.result?.task.id }, current()));

    const tools = artifactsIn(items)
      .map(({ artifact }) => artifact)
      .filter(({ name }) => name === 'tool:glob');
    expect(tools.length).toBeGreaterThan(0);
    expect(tools.flatMap(({ parts }) => parts).filter(({ data }) => data !== undefined)).toEqual([]);
  });

  it('tells tools as data to who takes JSON or says nothing', async () => {
    const answers = await Promise.all(
      [['text/plain', 'application/json'], []].map((acceptedOutputModes) =>
        rpc<{ task: { artifacts: CurrentArtifact[] } }>(
          test.httpUrl,
          'SendMessage',
          currentSend(spoken, {}, { configuration: { acceptedOutputModes } }),
          current(),
        ),
      ),
    );

    for (const { result } of answers) expect(result && toolIn(result.task)?.data).toMatchObject({ tool: 'glob', status: 'success' });
  });
});
