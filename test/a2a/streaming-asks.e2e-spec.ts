import { bash, end, question, task } from '../support/asks.js';
import { current, currentSend, legacySend, rpc, rpcStream, type CurrentItem, type LegacyItem } from '../support/a2a-wire.js';
import { collect, Conversation } from '../support/conversation.js';
import { eventually } from '../support/eventually.js';
import { script, type Operation } from '../support/scripted-model.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

const PERMISSION = { permission: 'bash', patterns: ['echo hello'] };
const QUESTION = {
  questions: [
    { header: 'Which', question: 'Which?', options: [{ label: 'A', value: 'A', description: 'a' }], multiple: false, custom: true },
  ],
};
const bye: Operation = { t: 'tool', name: 'bash', args: { command: 'echo bye', description: 'test' } };
const closed: Operation = {
  t: 'tool',
  name: 'question',
  args: {
    questions: [
      {
        question: 'Colour?',
        header: 'Colour',
        options: [
          { label: 'Red', description: '' },
          { label: 'Blue', description: '' },
        ],
      },
      {
        question: 'Size?',
        header: 'Size',
        options: [
          { label: 'Small', description: '' },
          { label: 'Large', description: '' },
        ],
      },
    ],
  },
};

describe('what agents ask in streams', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ permission: { bash: 'ask' } });
  });

  afterAll(() => test.stop());

  const interruptOf = ({ metadata }: LegacyItem) => metadata?.shared?.interrupt;

  /** Reads a stream of version 0.3 to its end, and says something to the task whenever it is asked. */
  async function streamAnswering(operations: readonly Operation[], answer: (item: LegacyItem) => Promise<unknown>): Promise<LegacyItem[]> {
    return collect(rpcStream<LegacyItem>(test.httpUrl, 'message/stream', legacySend(script(operations, [end]))), async (item) => {
      if (interruptOf(item)?.phase === 'asked') await answer(item);
    });
  }

  const say = (taskId: string, text: string) => rpc<LegacyItem>(test.httpUrl, 'message/send', legacySend(text, { taskId }));

  const sayData = (taskId: string, data: unknown) =>
    rpc<LegacyItem>(test.httpUrl, 'message/send', legacySend('', { taskId, parts: [{ kind: 'data', data }] }));

  const ask = async (...operations: Operation[]): Promise<LegacyItem> => {
    const { result } = await rpc<LegacyItem>(test.httpUrl, 'message/send', legacySend(script(operations, [end])));
    if (result === undefined) throw new Error('the send failed');
    return result;
  };

  it.each([
    ['T113', 'permission', bash, PERMISSION, 'once'],
    ['T114 T115', 'question', question, QUESTION, 'A'],
  ])(
    '%s T116 T117 tells a %s once, and once how it was answered, in a stream that stays open',
    async (_, type, operation, details, words) => {
      const items = await streamAnswering([operation], ({ taskId }) => say(taskId, words));

      const told = items.filter((item) => interruptOf(item) !== undefined);
      const request_id = interruptOf(told[0] as LegacyItem)?.request_id;
      expect(told.map((item) => [item.status.state, item.final, interruptOf(item)])).toEqual([
        ['input-required', false, { request_id, type, phase: 'asked', details }],
        ['working', false, { request_id, type, phase: 'resolved', resolution: 'replied' }],
      ]);
      expect(items.at(-1)).toMatchObject({ status: { state: 'completed' }, final: true });
    },
  );

  it('T116 tells what was answered at another door, and what was rejected', async () => {
    const items = await streamAnswering([question], async (item) => {
      await rpc(test.httpUrl, 'a2a.interrupt.question.reject', { request_id: interruptOf(item)?.request_id });
    });

    expect(items.map(interruptOf).find((interrupt) => interrupt?.phase === 'resolved')).toMatchObject({ resolution: 'rejected' });
  });

  it('T113 tells what a sub-agent asks on the task of who began it', async () => {
    const items = await streamAnswering([task(bash)], ({ taskId }) => say(taskId, 'yes'));

    const told = items.flatMap((item) => interruptOf(item) ?? []);
    expect(told.map(({ phase }) => phase)).toEqual(['asked', 'resolved']);
    expect(told[0]?.details).toEqual(PERMISSION);
    expect(items.at(-1)).toMatchObject({ taskId: items[0]?.id, status: { state: 'completed' } });
  });

  it('answers a send that waits with what is asked, in words and as data', async () => {
    const asking = await ask(bash);

    const [words, data] = asking.status.message?.parts ?? [];
    expect(asking.status.state).toBe('input-required');
    expect(words?.text).toContain('permission: bash (echo hello)');
    expect(data?.data).toEqual({
      requestId: interruptOf(asking)?.request_id,
      type: 'permission',
      details: PERMISSION,
      replies: ['once', 'always', 'reject'],
    });
    expect((await say(asking.id, 'reject')).result?.status.state).toBe('rejected');
  });

  it('ends a stream of version 1.0 when it asks, and lets who subscribes see the end', async () => {
    const items = await collect(
      rpcStream<CurrentItem>(test.httpUrl, 'SendStreamingMessage', currentSend(script([bash], [end])), current()),
    );
    const id = items[0]?.task?.id ?? '';
    expect(items.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_INPUT_REQUIRED');

    const rest = collect(rpcStream<CurrentItem>(test.httpUrl, 'SubscribeToTask', { id }, current()));
    const answered = await collect(
      rpcStream<CurrentItem>(test.httpUrl, 'SendStreamingMessage', currentSend('once', { taskId: id }), current()),
    );

    for (const seen of [await rest, answered]) expect(seen.at(-1)?.statusUpdate?.status.state).toBe('TASK_STATE_COMPLETED');
  });

  describe('answers', () => {
    /** What the tools of a task gave. */
    const outputsOf = async (taskId: string): Promise<string> => {
      const history = await Conversation.at(test.grpc, taskId.split('.')[0] ?? '').history();
      return history
        .flatMap(({ toolCalls }) => toolCalls)
        .map(({ output = '', error = '' }) => output + error)
        .join('\n');
    };

    it.each([
      ['the label of an option', 'red\nlarge', 'Red', 'Large'],
      ['the number of an option', '2\n1', 'Blue', 'Small'],
    ])('may be %s, a line for each question', async (_, text, colour, size) => {
      const { id } = await ask(closed);

      const { result } = await say(id, text);

      expect(result?.status.state).toBe('completed');
      expect(await outputsOf(id)).toMatch(new RegExp(`${colour}.*${size}`, 's'));
    });

    it('may be free text where that is allowed', async () => {
      const { id } = await ask(question);

      await say(id, 'neither of them');

      expect(await outputsOf(id)).toContain('neither of them');
    });

    it.each([
      ['{answers}', question, { answers: [['A']] }, /A/, 'completed'],
      ['{reject}', question, { reject: true }, /dismissed/, 'rejected'],
      ['{reply}', bash, { reply: 'once' }, /hello/, 'completed'],
      ['{reply, message}', bash, { reply: 'reject', message: 'use printf' }, /use printf/, 'completed'],
    ])('may be data: %s', async (_, operation, data, output, state) => {
      const { id } = await ask(operation);

      const { result } = await sayData(id, data);

      expect(result?.status.state).toBe(state);
      expect(await outputsOf(id)).toMatch(output);
    });

    it.each([
      ['words that are no reply', bash, (id: string) => say(id, 'perhaps later'), 'once'],
      ['a line too few', closed, (id: string) => say(id, 'red'), 'red\nsmall'],
      ['data that is no reply', bash, (id: string) => sayData(id, { reply: 'perhaps' }), 'once'],
    ])('are refused when they are %s, and it is asked still', async (_, operation, answer, understood) => {
      const { id } = await ask(operation);

      const { error } = await answer(id);

      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('message.parts') as string });
      const found = await rpc<LegacyItem>(test.httpUrl, 'tasks/get', { id });
      expect(found.result?.status.state).toBe('input-required');
      expect((await say(id, understood)).result?.status.state).toBe('completed');
    });

    it('mean the oldest of several asks, which the task shows, or the one whose id they name', async () => {
      const { id } = await ask(bash, bye, { t: 'tool', name: 'bash', args: { command: 'echo third', description: 'test' } });
      const pending = async () =>
        (await rpc<{ items: { request_id: string; details: { patterns: string[] } }[] }>(test.httpUrl, 'opencode.permissions.list', {}))
          .result?.items ?? [];
      await eventually(async () => (await pending()).length === 3);
      const shown = async () => interruptOf((await rpc<LegacyItem>(test.httpUrl, 'tasks/get', { id })).result as LegacyItem);
      const oldest = await shown();
      const others = (await pending()).filter(({ request_id }) => request_id !== oldest?.request_id);

      const stranger = await sayData(id, { reply: 'once', requestId: 'per_none' });
      const named = await sayData(id, { reply: 'once', requestId: others[0]?.request_id });
      expect(stranger.error?.message).toContain('does not ask per_none now');
      expect(named.result?.status.state).toBe('input-required');
      expect(await shown()).toEqual(oldest);

      const first = await say(id, 'once');
      expect(interruptOf(first.result as LegacyItem)?.request_id).toBe(others[1]?.request_id);
      expect(first.result?.status.message?.parts[1]?.data).toMatchObject({ requestId: others[1]?.request_id });

      const last = await say(id, 'once');
      expect(last.result?.status.state).toBe('completed');
      expect(await outputsOf(id)).toMatch(/hello[^]*bye[^]*third/);
    });
  });
});
