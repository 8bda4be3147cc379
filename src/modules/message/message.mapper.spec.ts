import { toJson } from '@bufbuild/protobuf';
import { MessagePartUpdatedSchema } from '../../common/grpc/generated/event_pb.js';
import type { UpstreamAssistantMessage, UpstreamPart, UpstreamTextPart, UpstreamToolPart } from '../../common/opencode/opencode.types.js';
import {
  asInterrupted,
  fromUpstreamHistory,
  fromUpstreamMessage,
  fromUpstreamPart,
  toDisplayMessage,
  toMessagePartDelta,
  toMessageUpdated,
} from './message.mapper.js';

const BASE = { id: 'prt_1', sessionID: 'ses_1', messageID: 'msg_1' };
const TEXT: UpstreamTextPart = { ...BASE, type: 'text', text: 'Hi', time: { start: 1, end: 2 } };
const TOOL: UpstreamToolPart = { ...BASE, type: 'tool', callID: 'call_1', tool: 'bash', state: { status: 'pending' } };
const ANSWER: UpstreamAssistantMessage = { id: 'msg_1', sessionID: 'ses_1', role: 'assistant', parentID: 'msg_0', time: { created: 5 } };

function tool(state: UpstreamToolPart['state']): ReturnType<typeof fromUpstreamPart> {
  return fromUpstreamPart({ ...TOOL, state });
}

describe('fromUpstreamPart', () => {
  it.each([
    ['that grows', { start: 1 }, false],
    ['that is closed', { start: 1, end: 2 }, true],
    ['that never grew', undefined, true],
  ])('knows a text %s', (_, time, ended) => {
    const part: UpstreamTextPart = { ...BASE, type: 'text', text: 'Hi', ...(time && { time }) };

    expect(fromUpstreamPart(part)).toMatchObject({ ended });
  });

  it.each([
    ['text OpenCode wrote by itself', { ...TEXT, synthetic: true }],
    ['ignored text', { ...TEXT, ignored: true }],
    ['a step’s start', { ...BASE, type: 'step-start', snapshot: 'x' }],
    ['a patch', { ...BASE, type: 'patch', files: ['/host/file'] }],
    ['a type nobody knows', { ...BASE, type: 'hologram' }],
  ])('does not show %s', (_, part) => {
    expect(fromUpstreamPart(part as UpstreamPart)).toBeUndefined();
  });

  it('shows a file without its content', () => {
    const part: UpstreamPart = { ...BASE, type: 'file', mime: 'image/png', filename: 'a.png', url: 'data:image/png;base64,secret' };

    expect(JSON.stringify(fromUpstreamPart(part))).not.toContain('secret');
    expect(fromUpstreamPart(part)).toMatchObject({ type: 'file', mime: 'image/png', filename: 'a.png' });
  });

  it.each([
    ['pending', { status: 'pending' }],
    ['running', { status: 'running' }],
    ['success', { status: 'completed' }],
    ['error', { status: 'error' }],
    ['error', { status: 'error', metadata: { interrupted: false } }],
    ['cancelled', { status: 'error', metadata: { interrupted: true } }],
  ] as const)('says %s of a tool that is %j', (status, state) => {
    expect(tool(state)).toMatchObject({ status });
  });
});

describe('fromUpstreamMessage', () => {
  it('reads an answer with what is known of it', () => {
    const message = fromUpstreamMessage({ ...ANSWER, providerID: 'p', modelID: 'm', tokens: { input: 3 }, finish: 'stop', summary: true });

    expect(message).toMatchObject({
      role: 'assistant',
      parentId: 'msg_0',
      model: { providerId: 'p', modelId: 'm' },
      tokens: { input: 3, output: 0, reasoning: 0 },
      finish: 'stop',
      isSummary: true,
      completedAtMs: undefined,
    });
  });

  it('reads a prompt', () => {
    const prompt = {
      id: 'msg_0',
      sessionID: 'ses_1',
      role: 'user',
      time: { created: 5 },
      model: { providerID: 'p', modelID: 'm' },
    } as const;

    expect(fromUpstreamMessage(prompt)).toMatchObject({ role: 'user', model: { providerId: 'p', modelId: 'm' }, parentId: undefined });
  });
});

describe('a tool whose output OpenCode cut', () => {
  it('does not say where on the host the whole of it is', () => {
    const outputPath = '/home/someone/data/tool-output/tool_1';
    const part = tool({ status: 'completed', output: `cut\nFull output saved to: ${outputPath}\n`, metadata: { exit: 0, outputPath } });

    expect(part).toMatchObject({ output: 'cut\nFull output saved to: tool_1\n', metadata: { exit: 0 } });
    expect(JSON.stringify(part)).not.toContain('someone');
  });
});

describe('fromUpstreamHistory', () => {
  it('leaves out the empty text of an attempt that failed', () => {
    const parts = [{ ...TEXT, id: 'prt_0', text: '' }, TEXT];

    expect(fromUpstreamHistory({ info: ANSWER, parts }).parts.map(({ id }) => id)).toEqual(['prt_1']);
  });
});

describe('toDisplayMessage', () => {
  it('sorts texts, thoughts and tools apart and keeps all parts in order', () => {
    const parts: UpstreamPart[] = [
      { ...TEXT, type: 'reasoning', text: 'hm' },
      TEXT,
      { ...TOOL, state: { status: 'completed', input: { a: 1 }, output: 'done', time: { start: 1, end: 2 } } },
    ];

    const message = toDisplayMessage(fromUpstreamHistory({ info: ANSWER, parts }));

    expect(message).toMatchObject({ textParts: ['Hi'], reasoningParts: ['hm'], toolCalls: [{ inputJson: '{"a":1}', output: 'done' }] });
    expect(message.parts.map(({ part }) => part.case)).toEqual(['reasoning', 'text', 'tool']);
  });

  it.each([
    [undefined, {}],
    ['stop', { finish: 'stop' }],
    ['error', { finish: 'stop', error: { name: 'APIError' } }],
  ])('finishes with %s', (finish, change) => {
    const message = toDisplayMessage(fromUpstreamHistory({ info: { ...ANSWER, ...change }, parts: [] }));

    expect(message.finish).toBe(finish);
  });
});

describe('toMessageUpdated', () => {
  it('is updated when it was completed, before that when it was made', () => {
    const updates = [ANSWER, { ...ANSWER, time: { created: 5, completed: 9 } }].map((info) => toMessageUpdated(fromUpstreamMessage(info)));

    expect(updates.map(({ updatedAt }) => updatedAt)).toEqual([5n, 9n]);
  });
});

describe('toMessagePartDelta', () => {
  const delta = { id: 'prt_1', messageId: 'msg_1', sessionId: 'ses_1', type: 'reasoning', delta: 'hm' } as const;

  it('says at first which kind grows, and whose it is', () => {
    expect(toMessagePartDelta({ ...delta, offset: 0 })).toMatchObject({
      partId: 'prt_1',
      messageId: 'msg_1',
      sessionId: 'ses_1',
      delta: 'hm',
      offset: 0n,
      part: { case: 'reasoning', value: { text: '' } },
    });
  });

  it('says only where, behind that', () => {
    const later = toMessagePartDelta({ ...delta, offset: 7 });

    expect(toJson(MessagePartUpdatedSchema, later)).toEqual({ partId: 'prt_1', delta: 'hm', offset: '7' });
  });
});

describe('fromUpstreamHistory, of a user message,', () => {
  const prompt = { id: 'msg_1', sessionID: 'ses_1', role: 'user', time: { created: 1 } } as const;
  const synthetic = (text: string): UpstreamPart => ({ ...TEXT, text, synthetic: true });

  it.each<[string, UpstreamPart[], string]>([
    ['a prompt', [TEXT], 'prompt'],
    ['a prompt whose file OpenCode put into words', [TEXT, synthetic('Called the Read tool')], 'prompt'],
    ['a prompt without parts', [], 'prompt'],
    ['a sub-agent that somebody called', [{ ...BASE, type: 'subtask' } as unknown as UpstreamPart], 'prompt'],
    ['a shell line', [synthetic('The following tool was executed by the user')], 'shell'],
    ['an order to sum up', [{ ...BASE, type: 'compaction', auto: false }], 'summary'],
    ['a compaction', [{ ...BASE, type: 'compaction', auto: true }], 'continuation'],
    ['what OpenCode asks itself', [synthetic('Continue if you have next steps')], 'continuation'],
  ])('knows %s', (_, parts, purpose) => {
    expect(fromUpstreamHistory({ info: prompt, parts })).toMatchObject({ purpose });
  });

  it('says of an answer nothing', () => {
    expect(fromUpstreamHistory({ info: ANSWER, parts: [] })).not.toHaveProperty('purpose');
  });
});

describe('asInterrupted', () => {
  const unfinished = fromUpstreamHistory({ info: ANSWER, parts: [TEXT, { ...TOOL, state: { status: 'running' } }, TOOL] });

  it('tells what nobody will finish', () => {
    const { info, parts } = asInterrupted(unfinished);

    expect(info).toMatchObject({ failure: { name: 'TurnInterrupted' }, completedAtMs: undefined });
    expect(parts).toMatchObject([{ type: 'text' }, { status: 'error', error: 'interrupted' }, { status: 'error', error: 'interrupted' }]);
  });

  it.each([
    ['a finished answer', { ...ANSWER, time: { created: 5, completed: 6 } }],
    ['a failed answer', { ...ANSWER, error: { name: 'APIError' } }],
    ['a prompt', { id: 'msg_1', sessionID: 'ses_1', role: 'user', time: { created: 1 } } as const],
  ])('leaves %s as it is', (_, info) => {
    const message = fromUpstreamHistory({ info, parts: [TEXT] });

    expect(asInterrupted(message)).toBe(message);
  });
});
