import { chunksIn, legacySend, rpc, rpcStream, wordsOf, type LegacyItem } from '../support/a2a-wire.js';
import { collect } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { script, type Operation } from '../support/scripted-model.js';
import { glob, retried } from '../support/streamed-turns.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway();
});

afterAll(() => test.stop());

describe('streams in version 0.3', () => {
  const stream = (...calls: (readonly Operation[])[]): Promise<LegacyItem[]> =>
    collect(rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend(script(...calls))));

  const kindsOf = (items: readonly LegacyItem[]): (string | undefined)[] =>
    chunksIn(items).map(({ metadata }) => metadata?.shared?.stream?.block_type);

  const toolsIn = (items: readonly LegacyItem[]): Readonly<Record<string, unknown>>[] =>
    chunksIn(items).flatMap(({ artifact }) => artifact.parts.flatMap(({ data }) => (data === undefined ? [] : [data])));

  it('T103 tells the answer in one artifact, and nothing of what its caller said', async () => {
    const items = await stream([{ t: 'text', value: 'Hello there', chunk: 3, ms: 20 }]);

    const [task] = items;
    expect(task?.kind).toBe('task');
    expect(new Set(chunksIn(items).map(({ artifact }) => artifact.artifactId))).toEqual(new Set([`${task?.id}:stream`]));
    expect(wordsOf(items, 'text')).toBe('Hello there');
    expect(JSON.stringify(chunksIn(items))).not.toContain('SCRIPT');
  });

  it('T104 tells no final snapshot where the stream had the answer', async () => {
    const items = await stream([{ t: 'text', value: 'whole' }]);

    expect(chunksIn(items).filter(({ lastChunk }) => lastChunk)).toEqual([]);
    expect(wordsOf(items, 'text')).toBe('whole');
  });

  it('T105 T120 tells the whole answer once more where a retry made it another, and begins the artifact once', async () => {
    const items = await stream(retried);

    const chunks = chunksIn(items);
    const last = chunks.at(-1);
    expect(chunks.map(({ append }) => append)).toEqual(chunks.map((_, index) => index > 0));
    expect(chunks.map(({ lastChunk }) => lastChunk)).toEqual(chunks.map((_, index) => index === chunks.length - 1));
    expect(last?.artifact.parts).toEqual([{ kind: 'text', text: 'partial answer' }]);
    expect(last?.metadata?.shared?.stream).toMatchObject({ block_type: 'text', source: 'final_snapshot' });
    expect(items.at(-1)).toMatchObject({ kind: 'status-update', status: { state: 'completed' }, final: true });
  });

  it('T105 tells no empty snapshot where a retry was canceled before it said anything', async () => {
    const breaking = script([{ t: 'wait', ms: 500 }, { t: 'text', value: 'lost', ms: 30 }, { t: 'fail' }]);
    const items: LegacyItem[] = [];
    for await (const item of rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend(breaking))) {
      items.push(item);
      if (chunksIn(items).length !== 1 || item.kind !== 'artifact-update') continue;
      const id = item.taskId;
      await eventually(async () => (await rpc<LegacyItem>(test.httpUrl, 'tasks/get', { id })).result?.artifacts === undefined);
      await rpc(test.httpUrl, 'tasks/cancel', { id });
    }

    expect(items.at(-1)).toMatchObject({ status: { state: 'canceled' }, final: true });
    expect(chunksIn(items).filter(({ artifact }) => artifact.parts.length === 0)).toEqual([]);
  });

  it('numbers what it tells in ascending order, each with an id of its own', async () => {
    const items = await stream([{ t: 'text', value: 'before' }, glob], [{ t: 'text', value: 'after' }]);

    const places = items.flatMap(({ metadata }) => metadata?.shared?.stream ?? []);
    const [{ id = '', contextId = '' } = {}] = items;
    const sequences = places.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
    expect(places.slice(0, -1).map(({ event_id }) => event_id)).toEqual(
      sequences.slice(0, -1).map((sequence) => `${id}:${contextId}:${id}:stream:${sequence}`),
    );
    expect(places.at(-1)?.event_id).toBe(`${id}:${contextId}:${id}:status:${sequences.at(-1)}`);
  });

  it('T106 T107 tells each state of a tool once, in a form of its own', async () => {
    const items = await stream([glob, { t: 'tool', name: 'read', args: { filePath: 'none.md' } }], [{ t: 'text', value: 'end' }]);

    const tools = toolsIn(items);
    const [first, second] = ['glob', 'read'].map((name) => tools.filter(({ tool }) => tool === name));
    expect(first?.map(({ status }) => status)).toEqual(['pending', 'running', 'completed']);
    expect(first?.at(-1)).toEqual({
      call_id: expect.stringMatching(/^call_/) as string,
      tool: 'glob',
      status: 'completed',
      title: expect.any(String) as string,
      input: { pattern: '*.md' },
      output: expect.stringContaining('README.md') as string,
    });
    expect(second?.at(-1)).toMatchObject({ tool: 'read', status: 'error', error: expect.stringContaining('none.md') as string });
    expect(new Set(tools.map((each) => JSON.stringify(each))).size).toBe(tools.length);
  });

  it('T108 T109 T110 ends as completed, with what the model calls cost and nothing else does', async () => {
    const items = await stream(
      [{ t: 'usage', input: 100, output: 7 }, { t: 'text', value: 'a' }, glob],
      [
        { t: 'usage', input: 120, output: 3 },
        { t: 'text', value: 'b' },
      ],
    );

    const usages = items.filter(({ metadata }) => metadata?.shared?.usage !== undefined);
    expect(usages).toEqual([items.at(-1)]);
    expect(usages[0]).toMatchObject({
      kind: 'status-update',
      final: true,
      status: { state: 'completed' },
      metadata: {
        shared: {
          session: { id: items[0]?.id.split('.')[0] },
          usage: {
            input_tokens: 220,
            output_tokens: 10,
            total_tokens: 230,
            reasoning_tokens: 0,
            cache_tokens: { read_tokens: 0, write_tokens: 0 },
            cost: 0,
          },
        },
      },
    });
  });

  it('T66 T110 answers a send without a stream as completed, with its usage', async () => {
    const { result } = await rpc<LegacyItem>(
      test.httpUrl,
      'message/send',
      legacySend(
        script([
          { t: 'usage', input: 11, output: 4 },
          { t: 'text', value: 'a' },
        ]),
      ),
    );

    expect(result).toMatchObject({
      kind: 'task',
      status: { state: 'completed' },
      metadata: { shared: { usage: { input_tokens: 11, output_tokens: 4, total_tokens: 15 } } },
    });
  });

  it('T111 lets messages of one session follow each other', async () => {
    const contextId = 'one-after-the-other';
    const speakers: string[] = [];

    await Promise.all(
      ['first', 'second', 'third'].map(async (value) => {
        const request = legacySend(script([{ t: 'text', value, chunk: 1, ms: 40 }]), { contextId });
        const items = rpcStream<LegacyItem>(test.httpUrl, 'message/stream', request);
        for await (const item of items) if (item.kind === 'artifact-update') speakers.push(item.taskId);
      }),
    );

    expect(speakers.length).toBeGreaterThan(3);
    expect(speakers.filter((id, index) => id !== speakers[index - 1])).toHaveLength(3);
  });

  it('T112 takes the first message of a conversation and later ones alike', async () => {
    const [{ contextId = '' } = {}] = await stream([{ t: 'text', value: 'one' }]);

    const items = await collect(
      rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend(script([{ t: 'text', value: 'two' }]), { contextId })),
    );

    expect(wordsOf(items, 'text')).toBe('two');
    expect(items.at(-1)).toMatchObject({ contextId, status: { state: 'completed' } });
  });

  it('T118 T119 tells marks of other models within a text as text, whole or cut off', async () => {
    const text = 'a <think>b</think> [tool_call: {"x":1}] <think';

    const items = await stream([{ t: 'text', value: text, chunk: 3, ms: 10 }]);

    expect(new Set(kindsOf(items))).toEqual(new Set(['text']));
    expect(wordsOf(items, 'text')).toBe(text);
  });

  it('T121 T122 T123 tells thoughts as they grow, once, before the answer', async () => {
    const items = await stream([
      { t: 'reasoning', value: 'thinking hard', chunk: 4, ms: 30 },
      { t: 'text', value: 'the answer', chunk: 3, ms: 30 },
    ]);

    expect(wordsOf(items, 'reasoning')).toBe('thinking hard');
    expect(wordsOf(items, 'text')).toBe('the answer');
    expect(kindsOf(items).filter((kind, index, all) => kind !== all[index - 1])).toEqual(['reasoning', 'text']);
    expect(chunksIn(items)[0]?.append).toBe(false);
  });

  it('T124 keeps the messages of one turn apart by their ids', async () => {
    const items = await stream([{ t: 'text', value: 'before' }, glob], [{ t: 'text', value: 'after' }]);

    const texts = chunksIn(items).filter(({ metadata }) => metadata?.shared?.stream?.block_type === 'text');
    const ids = texts.map(({ metadata }) => metadata?.shared?.stream?.message_id);
    expect(kindsOf(items).filter((kind, index, all) => kind !== all[index - 1])).toEqual(['text', 'tool_call', 'text']);
    expect(wordsOf(items, 'text')).toBe('beforeafter');
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^msg_/);
  });
});
