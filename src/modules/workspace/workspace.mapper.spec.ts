import { create } from '@bufbuild/protobuf';
import { messageInfo } from '../../../test/fixtures/message-info.js';
import { FinishReason, HealthStatus, MessageRole } from '../../common/grpc/generated/v1/common_pb.js';
import { AgentStatus, ListMessagesRequestSchema } from '../../common/grpc/generated/v1/opencode_service_pb.js';
import { deliveryOf } from '../../common/streams/delivery.js';
import type { Message, MessageInfo, ToolPart } from '../message/message.model.js';
import {
  fromListMessagesRequest,
  toAgentStatusResponse,
  toFinishReason,
  toHealthResponse,
  toListMessagesResponse,
  toMessage,
  toStreamMessagesResponse,
} from './workspace.mapper.js';

const INFO = messageInfo({
  agent: 'build',
  model: { providerId: 'openrouter', modelId: 'meta/llama' },
  parentId: 'msg_0',
  createdAtMs: 1_500,
});

const TOOL: ToolPart = {
  type: 'tool',
  id: 'prt_2',
  messageId: 'msg_1',
  sessionId: 'ses_1',
  callId: 'call_1',
  tool: 'bash',
  title: undefined,
  status: 'running',
  input: { command: 'ls' },
  output: undefined,
  error: undefined,
  metadata: {},
  startedAtMs: 1,
  finishedAtMs: undefined,
};

function message(change: Partial<MessageInfo>, parts: Message['parts'] = []): Message {
  return { info: { ...INFO, ...change }, parts };
}

function contentsOf(change: Partial<MessageInfo>, parts: Message['parts'] = []): unknown[] {
  return toMessage(message(change, parts)).parts.map(({ content }) => content);
}

describe('toMessage', () => {
  it('keeps the order of its parts', () => {
    const base = { messageId: 'msg_1', sessionId: 'ses_1', ended: true } as const;

    const contents = contentsOf({}, [
      { ...base, type: 'reasoning', id: 'prt_1', text: 'hm' },
      TOOL,
      { ...base, type: 'text', id: 'prt_3', text: 'Hi' },
      { ...base, type: 'file', id: 'prt_4', mime: 'image/png', filename: 'a.png' },
    ]);

    expect(contents).toMatchObject([
      { case: 'reasoning', value: { thinking: 'hm' } },
      { case: 'toolCall', value: { id: 'call_1', name: 'bash', input: '{"command":"ls"}' } },
      { case: 'text', value: { text: 'Hi' } },
      { case: 'binary', value: { path: 'a.png', mimeType: 'image/png' } },
    ]);
  });

  it.each([
    ['success', { output: 'done' }, 'done', false],
    ['error', { error: 'rejected' }, 'rejected', true],
    ['cancelled', { error: 'aborted' }, 'aborted', true],
  ] as const)('adds the result of a tool that ended with %s', (status, change, content, isError) => {
    expect(contentsOf({}, [{ ...TOOL, status, ...change }])).toMatchObject([
      { case: 'toolCall' },
      { case: 'toolResult', value: { toolCallId: 'call_1', content, isError } },
    ]);
  });

  it.each([
    ['END_TURN', { finish: 'stop' }, FinishReason.END_TURN],
    ['STOP', { finish: 'length' }, FinishReason.STOP],
    ['CANCELED', { failure: { name: 'MessageAbortedError', message: '' } }, FinishReason.CANCELED],
    ['ERROR', { failure: { name: 'APIError', message: '' } }, FinishReason.ERROR],
  ])('ends a completed answer with %s', (_, change, reason) => {
    expect(contentsOf({ completedAtMs: 2_000, ...change })).toMatchObject([{ case: 'finish', value: { reason, time: { seconds: 2n } } }]);
  });

  it('has no end while the model works, nor on what the user said', () => {
    expect(contentsOf({ finish: 'stop' })).toEqual([]);
    expect(contentsOf({ role: 'user', completedAtMs: 2 })).toEqual([]);
  });

  it('names role, model and times', () => {
    expect(toMessage(message({ completedAtMs: 2_000 }))).toMatchObject({
      id: 'msg_1',
      role: MessageRole.ASSISTANT,
      model: 'openrouter/meta/llama',
      createdAt: { seconds: 1n, nanos: 500_000_000 },
      updatedAt: { seconds: 2n },
      finishedAt: { seconds: 2n },
    });
  });
});

describe('toStreamMessagesResponse', () => {
  it.each(['created', 'updated'] as const)('gives a message that was %s whole', (type) => {
    const response = toStreamMessagesResponse({ type, message: message({}) });

    expect(response.event).toMatchObject({
      case: type === 'created' ? 'messageCreated' : 'messageUpdated',
      value: { message: { id: 'msg_1' } },
    });
  });

  it('lets only updates take the place of older ones', () => {
    const changes = (['created', 'updated'] as const).map((type) => ({ type, message: message({}) }));

    changes.forEach(toStreamMessagesResponse);

    expect(changes.map(deliveryOf)).toEqual([undefined, { supersedes: 'msg_1' }]);
  });

  it('names a message that was deleted', () => {
    expect(toStreamMessagesResponse({ type: 'deleted', messageId: 'msg_1' }).event).toMatchObject({
      case: 'messageDeleted',
      value: { messageId: 'msg_1' },
    });
  });
});

describe('the small mappers', () => {
  it.each([
    [true, HealthStatus.SERVING],
    [false, HealthStatus.NOT_SERVING],
  ])('say of readiness %s no more than the state', (ready, status) => {
    expect(toHealthResponse(ready, 'ignored')).toMatchObject({ status, details: { workspaceConfig: 'ignored' } });
  });

  it.each([
    ['stop', FinishReason.END_TURN],
    ['length', FinishReason.STOP],
    ['content-filter', FinishReason.STOP],
    [undefined, FinishReason.STOP],
  ])('finish %s', (finish, reason) => {
    expect(toFinishReason(finish)).toBe(reason);
  });

  it.each([
    ['idle', AgentStatus.IDLE],
    ['processing', AgentStatus.PROCESSING],
    ['waiting', AgentStatus.WAITING_PERMISSION],
    ['error', AgentStatus.ERROR],
  ] as const)('give the agent status %s', (status, expected) => {
    expect(toAgentStatusResponse({ status, operation: '', startedAtMs: undefined, model: undefined }).status).toBe(expected);
  });

  it('read a page request without a page as the first one', () => {
    expect(fromListMessagesRequest(create(ListMessagesRequestSchema))).toEqual({ role: undefined, limit: 0, offset: 0, cursor: '' });
  });

  it.each([
    [MessageRole.USER, 'user'],
    [MessageRole.ASSISTANT, 'assistant'],
    [MessageRole.UNSPECIFIED, undefined],
  ])('read the role filter %s', (roleFilter, role) => {
    expect(fromListMessagesRequest(create(ListMessagesRequestSchema, { roleFilter })).role).toBe(role);
  });

  it.each([
    ['', false],
    ['token', true],
  ])('say whether there is more after the cursor %j', (nextCursor, hasMore) => {
    const { pagination } = toListMessagesResponse({ messages: [], total: 9, limit: 5, offset: 0, nextCursor });

    expect(pagination).toMatchObject({ hasMore, nextCursor, total: 9 });
  });
});
