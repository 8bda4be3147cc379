import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { from, lastValueFrom, toArray } from 'rxjs';
import { readTranscript } from '../../../test/fixtures/transcripts/transcripts.js';
import { FinishReason } from '../../common/grpc/generated/v1/common_pb.js';
import { SendMessageRequestSchema, type SendMessageResponse } from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { fromUpstreamFrame } from '../event/event.mapper.js';
import type { GatewayEvent, TurnState } from '../event/event.model.js';
import { SessionFeed, type Follower } from '../event/session-feed.js';
import type { TextPart } from '../message/message.model.js';
import { Turn } from '../message/turn.js';
import { fromSendMessageRequest, translate, TurnTranslator } from './send.mapper.js';

/** A recorded turn as its session's followers hear it, its own updates included. */
function heard(transcript: string): GatewayEvent[] {
  const contents = readTranscript(transcript).flatMap((frame) => fromUpstreamFrame(frame, 0) ?? []);
  const rootId = contents.find(({ type }) => type === 'session_updated')?.sessionId ?? '';
  const feed = new SessionFeed(rootId, { maxEvents: 10, maxBytes: 10_000 }, new Set());
  const events: GatewayEvent[] = [];
  const follower: Follower = {
    textMode: 'delta',
    durableOnly: false,
    sessionId: undefined,
    next: (event) => events.push(event),
    loseTrack: () => undefined,
    end: () => undefined,
  };
  feed.followers.add(follower);
  const prompt = contents.find((content) => content.type === 'message_updated');
  const turn = new Turn(
    { id: prompt?.type === 'message_updated' ? prompt.message.id : '', sessionId: rootId, directory: '/w', requestId: '', kind: 'prompt' },
    (changed) => events.push(turnUpdated(rootId, changed.state, changed)),
  );
  turn.admit(0);
  for (const content of contents) {
    if (content.type === 'text_growth') feed.grow(content);
    else if (content.type !== 'unseen') {
      feed.publish(content, 1);
      turn.observe(content, 0);
    }
  }
  // Where events leave the end open the records tell it.
  if (!turn.isEnded) turn.end({ state: 'rejected', failure: undefined });
  return events;
}

function turnUpdated(sessionId: string, state: TurnState, turn?: Turn): GatewayEvent {
  const update = turn?.toUpdate() ?? { turnId: 'msg_1', state, requestId: '', messageId: undefined, finish: undefined, failure: undefined };
  return { type: 'turn_updated', directory: '/w', sessionId, eventId: '', sequence: undefined, turn: update };
}

/** As a resync tells it: long ago, and without a number. */
function repeated(sessionId: string, event: GatewayEvent): GatewayEvent[] {
  if (event.type === 'part_updated') return [{ ...event, sessionId, sequence: undefined }];
  return event.type === 'message_updated'
    ? [{ ...event, sessionId, sequence: undefined, message: { ...event.message, createdAtMs: 0 } }]
    : [];
}

function translated(transcript: string): Promise<SendMessageResponse['response'][]> {
  return translatedFrom(heard(transcript));
}

async function translatedFrom(events: readonly GatewayEvent[]): Promise<SendMessageResponse['response'][]> {
  const sessionId = events[0]?.sessionId ?? '';
  const responses = await lastValueFrom(translate({ sessionId, events$: from(events) }).pipe(toArray()));
  return responses.map(({ response }) => response);
}

function textsOf(responses: readonly SendMessageResponse['response'][], which: 'contentDelta' | 'reasoningDelta'): string {
  return responses.map((response) => (response.case === which ? response.value.text : '')).join('');
}

/** What the model said in the recording, all steps of the root session together. */
function saidIn(transcript: string, type: TextPart['type']): string {
  const events = heard(transcript);
  const rootId = events[0]?.sessionId;
  const answers = new Set(
    events.flatMap((event) => (event.type === 'message_updated' && event.message.role === 'assistant' ? [event.message.id] : [])),
  );
  const parts = events.flatMap((event) => (event.type === 'part_updated' && event.sessionId === rootId ? [event.part] : []));
  return parts.map((part) => (part.type === type && part.ended && answers.has(part.messageId) ? part.text : '')).join('');
}

const ENDS: readonly (readonly [string, object])[] = [
  ['01-plain-text', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
  ['02-reasoning-text', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
  ['03-tool-permission-once', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
  ['04-permission-reject', { case: 'messageCompleted', value: { finishReason: FinishReason.PERMISSION_DENIED } }],
  ['05-abort-mid-stream', { case: 'messageCompleted', value: { finishReason: FinishReason.CANCELED } }],
  ['06-provider-error', { case: 'error', value: { code: 'APIError', message: 'The provider refused the request (HTTP 400)' } }],
  ['extra/provider-429-two-retries', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
  ['extra/subagent-task', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
  ['extra/tool-read-edit', { case: 'messageCompleted', value: { finishReason: FinishReason.END_TURN } }],
];

describe.each(ENDS)('translate over %s', (transcript, end) => {
  it('ends with exactly one last word', async () => {
    const responses = await translated(transcript);

    const last = responses.filter((response) => response.case === 'messageCompleted' || response.case === 'error');
    expect(last).toMatchObject([end]);
    expect(responses.at(-1)).toBe(last[0]);
  });

  it.each([
    ['contentDelta', 'text'],
    ['reasoningDelta', 'reasoning'],
  ] as const)('tells %ss that add up to what the model said', async (which, type) => {
    const responses = await translated(transcript);

    expect(textsOf(responses, which)).toBe(saidIn(transcript, type));
  });

  it('tells the end of every tool call that it told the start of, and no other', async () => {
    const responses = await translated(transcript);

    const started = responses.flatMap((response) => (response.case === 'toolCallStarted' ? [response.value.toolCallId] : []));
    const completed = responses.flatMap((response) => (response.case === 'toolCallCompleted' ? [response.value.toolCallId] : []));
    expect(completed).toEqual(started);
    expect(new Set(started).size).toBe(started.length);
  });

  it('starts each step once, before anything of it', async () => {
    const responses = await translated(transcript);

    const started = responses.flatMap((response) => (response.case === 'messageStarted' ? [response.value.messageId] : []));
    expect(new Set(started).size).toBe(started.length);
    expect(responses[0]?.case).toBe('messageStarted');
  });
});

describe('TurnTranslator', () => {
  it('counts the tokens of all steps', async () => {
    const steps = new Map<string, number>();
    for (const event of heard('03-tool-permission-once'))
      if (event.type === 'message_updated' && event.message.role === 'assistant')
        steps.set(event.message.id, event.message.tokens?.input ?? 0);

    const responses = await translated('03-tool-permission-once');

    const total = [...steps.values()].reduce((sum, tokens) => sum + tokens, 0);
    expect(total).toBeGreaterThan(0);
    expect(responses.at(-1)).toMatchObject({ value: { usage: { promptTokens: BigInt(total) } } });
  });

  it('passes on what is asked, of sub-agents too', () => {
    const translator = new TurnTranslator('ses_1');
    const origin = { directory: '/w', sessionId: 'ses_child', eventId: '', sequence: undefined };

    const responses = translator.translate({
      ...origin,
      type: 'question_asked',
      question: { id: 'que_1', sessionId: 'ses_child', items: [] },
    });

    expect(responses).toMatchObject([{ response: { case: 'questionAsked', value: { id: 'que_1', sessionId: 'ses_child' } } }]);
  });

  it('tells the rest of a text whose beginning it told in deltas', () => {
    const translator = new TurnTranslator('ses_1');
    const part = { type: 'text', id: 'prt_1', messageId: 'msg_2', sessionId: 'ses_1', text: 'Hello world', ended: true } as const;
    const [started] = heard('01-plain-text').filter((event) => event.type === 'message_updated' && event.message.role === 'assistant');
    if (started?.type !== 'message_updated') throw new Error('no answer in the transcript');
    const origin = { directory: '/w', sessionId: 'ses_1', eventId: '', sequence: undefined };
    translator.translate(turnUpdated('ses_1', 'admitted'));
    translator.translate({ ...started, ...origin, message: { ...started.message, id: 'msg_2', parentId: 'msg_1' } });
    const delta = { id: 'prt_1', messageId: 'msg_2', sessionId: 'ses_1', type: 'text', delta: 'Hello', offset: 0 } as const;
    translator.translate({ ...origin, type: 'part_delta', delta });

    const responses = [1, 2].flatMap(() => translator.translate({ ...origin, type: 'part_updated', part }));

    expect(responses).toMatchObject([{ response: { case: 'contentDelta', value: { text: ' world' } } }]);
  });

  it('says nothing of earlier turns, of which a resync tells once more', async () => {
    const events = heard('03-tool-permission-once');
    const sessionId = events[0]?.sessionId ?? '';
    const middle = events.findIndex(({ type }) => type === 'permission_asked');
    const earlier = heard('extra/tool-write').flatMap((event) => repeated(sessionId, event));

    const responses = await translatedFrom([...events.slice(0, middle), ...earlier, ...events.slice(middle)]);

    expect(earlier.some((event) => event.type === 'part_updated' && event.part.type === 'tool')).toBe(true);
    expect(responses.map(({ case: which }) => which)).toEqual((await translatedFrom(events)).map(({ case: which }) => which));
  });

  it.each(['queued', 'admitted', 'running', 'waiting'] as const)('says nothing of a turn that is %s', (state) => {
    expect(new TurnTranslator('ses_1').translate(turnUpdated('ses_1', state))).toEqual([]);
  });

  it('ends an interrupted turn as an error', () => {
    const responses = new TurnTranslator('ses_1').translate(turnUpdated('ses_1', 'interrupted'));

    expect(responses).toMatchObject([{ response: { case: 'error', value: { code: 'interrupted' } } }]);
  });
});

describe('fromSendMessageRequest', () => {
  const read = (init: MessageInitShape<typeof SendMessageRequestSchema>) => fromSendMessageRequest(create(SendMessageRequestSchema, init));
  const BASE64 = Buffer.from('ü').toString('base64');

  it.each([
    ['bytes', { data: Buffer.from('ü') }],
    ['base64', { base64Data: BASE64 }],
  ])('reads a binary part from %s', (_, content) => {
    const { parts } = read({ parts: [{ content: { case: 'binary', value: { mimeType: 'image/png', path: 'a.png', ...content } } }] });

    expect(parts).toEqual([{ type: 'file', mime: 'image/png', filename: 'a.png', url: `data:image/png;base64,${BASE64}` }]);
  });

  it.each([
    ['text as it is', { mimeType: 'text/plain', content: 'ü' }, 'text/plain'],
    ['text without a type', { content: 'ü' }, 'text/plain'],
    ['other content as base64', { mimeType: 'image/png', content: BASE64 }, 'image/png'],
  ])('reads an attachment with %s', (_, attachment, mime) => {
    expect(read({ attachments: [attachment] }).parts).toMatchObject([{ mime, url: `data:${mime};base64,${BASE64}` }]);
  });

  it('names a part that is neither text nor binary', () => {
    expect(() => read({ parts: [{ content: { case: 'reasoning', value: { thinking: 'x' } } }] })).toThrow(
      'parts[0]: must be text or binary',
    );
  });

  it('reads a model by its full name and refuses half of one', () => {
    expect(read({ model: 'openrouter/meta/llama' }).model).toEqual({ providerId: 'openrouter', modelId: 'meta/llama' });
    expect(() => read({ model: 'llama' })).toThrow('model: must be provider/model');
  });
});
