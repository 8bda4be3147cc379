import { messageInfo } from '../../../../test/fixtures/message-info.js';
import type { MessageInfo, ToolPart } from '../../message/message.model.js';
import { TaskOutput } from './task.output.js';

const at = { messageId: 'msg_1', sessionId: 'ses_1' } as const;

function message(more: Partial<MessageInfo> = {}): MessageInfo {
  return messageInfo({ parentId: 'msg_0', ...more });
}

const text = (value: string, id = 'prt_1') => ({ ...at, id, type: 'text', text: value, ended: false }) as const;
const delta = (value: string, offset: number, id = 'prt_1') => ({ ...at, id, type: 'text', delta: value, offset }) as const;
const tool = (more: Partial<ToolPart> = {}): ToolPart => ({
  ...at,
  id: 'prt_tool',
  type: 'tool',
  callId: 'call_1',
  tool: 'bash',
  title: undefined,
  status: 'running',
  input: {},
  output: undefined,
  error: undefined,
  metadata: {},
  startedAtMs: 1,
  finishedAtMs: undefined,
  ...more,
});

describe('TaskOutput', () => {
  let output: TaskOutput;

  const texts = (): unknown[] => output.lanes().map((lane) => (lane.kind === 'tool' ? lane.part.tool : lane.text));

  beforeEach(() => {
    output = new TaskOutput();
    output.note(message());
  });

  it('takes nothing of messages that are not the task’s', () => {
    const foreign = { messageId: 'msg_other' };

    expect(output.setText({ ...text('a'), ...foreign })).toBeUndefined();
    expect(output.grow({ ...delta('a', 0), ...foreign })).toBeUndefined();
    expect(output.setTool(tool(foreign))).toBeUndefined();
    expect(output.lanes()).toEqual([]);
  });

  it('marks the first piece of each lane, and the first of all', () => {
    expect(output.grow(delta('a', 0))).toMatchObject({ type: 'text', delta: 'a', isFirst: true, isFirstOutput: true });
    expect(output.grow(delta('b', 1))).toMatchObject({ delta: 'b', isFirst: false, isFirstOutput: false });
    expect(output.setTool(tool())).toMatchObject({ type: 'tool', isFirst: true, isFirstOutput: false });
    expect(output.grow(delta('c', 0, 'prt_2'))).toMatchObject({ delta: 'c', isFirst: true, isFirstOutput: false });
  });

  it('counts offsets in bytes of UTF-8', () => {
    output.grow(delta('ü😀', 0));

    expect(output.grow(delta('too early', 3))).toBeUndefined();
    expect(output.grow(delta('!', 6))).toMatchObject({ delta: '!' });
    expect(texts()).toEqual(['ü😀!']);
  });

  it('leaves a hole to the whole text, and takes no piece twice', () => {
    output.grow(delta('ab', 0));

    expect(output.grow(delta('ef', 4))).toBeUndefined();
    expect(output.grow(delta('b', 1))).toBeUndefined();
    expect(output.setText(text('abcdef'))).toMatchObject({ type: 'text', delta: 'cdef' });
    expect(output.setText(text('abcdef'))).toBeUndefined();
    expect(output.grow(delta('g', 6))).toMatchObject({ delta: 'g' });
    expect(texts()).toEqual(['abcdefg']);
  });

  it('begins no text in its middle', () => {
    expect(output.grow(delta('later', 7))).toBeUndefined();
    expect(output.setText(text(''))).toBeUndefined();
    expect(output.setText(text('at last'))).toMatchObject({ delta: 'at last', isFirst: true, isFirstOutput: true });
  });

  it('tells a text anew that became another, and goes on behind it', () => {
    output.grow(delta('draft ü', 0));

    expect(output.setText(text('ü end'))).toEqual({
      type: 'rewrite',
      lane: { kind: 'text', id: 'prt_1', messageId: 'msg_1', text: 'ü end' },
    });
    expect(output.grow(delta('!', 6))).toMatchObject({ type: 'text', delta: '!' });
    expect(texts()).toEqual(['ü end!']);
  });

  it('empties a text that is taken back, and knows it no more', () => {
    output.grow(delta('half', 0));

    expect(output.remove('prt_1')).toMatchObject({ type: 'rewrite', lane: { id: 'prt_1', text: '' } });
    expect(output.remove('prt_1')).toBeUndefined();
    expect(output.lanes()).toEqual([]);
  });

  it('tells a tool when something of it changed that is seen', () => {
    output.setTool(tool());

    expect(output.setTool(tool({ startedAtMs: 2, metadata: { internal: 1 } }))).toBeUndefined();
    expect(output.setTool(tool({ title: 'list' }))).toMatchObject({ isFirst: false });
    expect(output.setTool(tool({ status: 'success', output: 'ok' }))).toMatchObject({ lane: { part: { status: 'success' } } });
    expect(output.remove('prt_tool')).toBeUndefined();
    expect(texts()).toEqual(['bash']);
  });

  it('adds up what its messages cost, each as it was told last', () => {
    expect(output.usage()).toBeUndefined();
    const tokens = { input: 1, output: 2, reasoning: 3, cacheRead: 4, cacheWrite: 5 };
    output.note(message({ tokens: { ...tokens, input: 100 }, cost: 9 }));
    output.note(message({ tokens, cost: 0.5 }));
    output.note(message({ id: 'msg_2', tokens, cost: undefined }));

    expect(output.usage()).toEqual({
      inputTokens: 2,
      outputTokens: 4,
      reasoningTokens: 6,
      cacheReadTokens: 8,
      cacheWriteTokens: 10,
      cost: 0.5,
    });
  });
});
