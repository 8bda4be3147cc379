import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  FinishReason,
  HealthResponseSchema,
  HealthStatus,
  MessageRole,
  MessageSchema,
  SessionSchema,
  type ContentPart,
  type HealthResponse,
  type Message as MessageMessage,
  type Session as SessionMessage,
} from '../../common/grpc/generated/v1/common_pb.js';
import {
  AgentStatus,
  GetAgentStatusResponseSchema,
  GetSessionStatsResponseSchema,
  ListMessagesResponseSchema,
  StreamMessagesResponseSchema,
  type GetAgentStatusResponse,
  type GetSessionStatsResponse,
  type ListMessagesRequest,
  type ListMessagesResponse,
  type StreamMessagesResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import type { WorkspaceConfigUse } from '../../common/opencode/workspace-config.js';
import { describeDelivery } from '../../common/streams/delivery.js';
import type { Message, MessageInfo, Part, ToolPart } from '../message/message.model.js';
import { toModelName } from '../session/session.mapper.js';
import type { Session } from '../session/session.model.js';
import type { AgentState, HistoryPage, HistoryQuery, MessageChange, SessionStats } from './workspace.model.js';

/** Tells nothing but the state, and whether workspaces are trusted: anybody may ask. */
export function toHealthResponse(ready: boolean, workspaceConfig: WorkspaceConfigUse): HealthResponse {
  return create(HealthResponseSchema, {
    status: ready ? HealthStatus.SERVING : HealthStatus.NOT_SERVING,
    details: { workspaceConfig },
    timestamp: timestampFromMs(Date.now()),
  });
}

export function toSession(session: Session, messageCount: number): SessionMessage {
  return create(SessionSchema, {
    id: session.id,
    parentSessionId: session.parentId ?? '',
    title: session.title,
    messageCount: BigInt(messageCount),
    promptTokens: BigInt(session.usage.inputTokens),
    completionTokens: BigInt(session.usage.outputTokens),
    cost: session.usage.cost,
    createdAt: timestampFromMs(session.createdAtMs),
    updatedAt: timestampFromMs(session.updatedAtMs),
  });
}

export function toStatsResponse(stats: SessionStats): GetSessionStatsResponse {
  return create(GetSessionStatsResponseSchema, {
    totalMessages: BigInt(stats.totalMessages),
    userMessages: BigInt(stats.userMessages),
    assistantMessages: BigInt(stats.assistantMessages),
    toolMessages: BigInt(stats.toolMessages),
    promptTokens: BigInt(stats.promptTokens),
    completionTokens: BigInt(stats.completionTokens),
    totalCost: stats.totalCost,
    lastActivity: timestampFromMs(stats.lastActivityMs),
    modelsUsed: [...stats.modelsUsed],
    currentModel: stats.currentModel,
  });
}

/** What OpenCode calls stop ends the agent's turn; a limit or a filter merely stops the model. */
export function toFinishReason(finish: string | undefined): FinishReason {
  return finish === 'stop' ? FinishReason.END_TURN : FinishReason.STOP;
}

function toFinish(info: MessageInfo): ContentPart['content'][] {
  const isFinished = info.completedAtMs !== undefined || info.failure !== undefined;
  if (!isFinished || info.role === 'user') return [];
  const aborted = info.failure?.name === 'MessageAbortedError';
  const failed = aborted ? FinishReason.CANCELED : FinishReason.ERROR;
  const reason = info.failure === undefined ? toFinishReason(info.finish) : failed;
  const time = info.completedAtMs === undefined ? {} : { time: timestampFromMs(info.completedAtMs) };
  return [{ case: 'finish', value: { $typeName: 'opencode.v1.FinishContent', reason, ...time } }];
}

function toToolContents(part: ToolPart): ContentPart['content'][] {
  const call = { $typeName: 'opencode.v1.ToolCallContent', id: part.callId, name: part.tool, input: toJsonText(part.input) } as const;
  const contents: ContentPart['content'][] = [{ case: 'toolCall', value: call }];
  if (part.status === 'pending' || part.status === 'running') return contents;
  const isError = part.status !== 'success';
  const result = {
    $typeName: 'opencode.v1.ToolResultContent',
    toolCallId: part.callId,
    content: part.output ?? part.error ?? '',
    metadata: toJsonText(part.metadata),
    isError,
  } as const;
  return [...contents, { case: 'toolResult', value: result }];
}

export function toJsonText(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value);
}

function toContents(part: Part): ContentPart['content'][] {
  switch (part.type) {
    case 'text':
      return [{ case: 'text', value: { $typeName: 'opencode.v1.TextContent', text: part.text } }];
    case 'reasoning':
      return [{ case: 'reasoning', value: { $typeName: 'opencode.v1.ReasoningContent', thinking: part.text } }];
    case 'tool':
      return toToolContents(part);
    case 'file':
      return [
        {
          case: 'binary',
          value: {
            $typeName: 'opencode.v1.BinaryContent',
            path: part.filename ?? '',
            mimeType: part.mime,
            data: new Uint8Array(),
            base64Data: '',
          },
        },
      ];
  }
}

export function toMessage({ info, parts }: Message): MessageMessage {
  const contents = [...parts.flatMap(toContents), ...toFinish(info)];
  return create(MessageSchema, {
    id: info.id,
    sessionId: info.sessionId,
    role: info.role === 'user' ? MessageRole.USER : MessageRole.ASSISTANT,
    parts: contents.map((content) => ({ $typeName: 'opencode.v1.ContentPart' as const, content })),
    model: info.model === undefined ? '' : toModelName(info.model),
    createdAt: timestampFromMs(info.createdAtMs),
    updatedAt: timestampFromMs(info.completedAtMs ?? info.createdAtMs),
    ...(info.completedAtMs !== undefined && { finishedAt: timestampFromMs(info.completedAtMs) }),
  });
}

/** Tool calls have no messages of their own here, so nothing has that role. */
export function fromListMessagesRequest({ pagination, roleFilter }: Pick<ListMessagesRequest, 'pagination' | 'roleFilter'>): HistoryQuery {
  const roles: Partial<Record<MessageRole, HistoryQuery['role']>> = { [MessageRole.USER]: 'user', [MessageRole.ASSISTANT]: 'assistant' };
  return { role: roles[roleFilter], limit: pagination?.limit ?? 0, offset: pagination?.offset ?? 0, cursor: pagination?.cursor ?? '' };
}

export function toListMessagesResponse({ messages, total, limit, offset, nextCursor }: HistoryPage): ListMessagesResponse {
  return create(ListMessagesResponseSchema, {
    messages: messages.map(toMessage),
    pagination: { total, limit, offset, nextCursor, hasMore: nextCursor !== '' },
  });
}

export function toStreamMessagesResponse(change: MessageChange): StreamMessagesResponse {
  if (change.type === 'deleted')
    return create(StreamMessagesResponseSchema, { event: { case: 'messageDeleted', value: { messageId: change.messageId } } });
  const message = toMessage(change.message);
  if (change.type === 'created') return create(StreamMessagesResponseSchema, { event: { case: 'messageCreated', value: { message } } });
  const response = create(StreamMessagesResponseSchema, { event: { case: 'messageUpdated', value: { message } } });
  // Each update holds the whole message: of those a slow reader has not taken yet the newest is enough.
  describeDelivery(change, { supersedes: message.id });
  return response;
}

const AGENT_STATUSES: Readonly<Record<AgentState['status'], AgentStatus>> = {
  idle: AgentStatus.IDLE,
  processing: AgentStatus.PROCESSING,
  waiting: AgentStatus.WAITING_PERMISSION,
  error: AgentStatus.ERROR,
};

export function toAgentStatusResponse(state: AgentState): GetAgentStatusResponse {
  return create(GetAgentStatusResponseSchema, {
    status: AGENT_STATUSES[state.status],
    currentOperation: state.operation,
    model: state.model === undefined ? '' : toModelName(state.model),
    ...(state.startedAtMs !== undefined && { startedAt: timestampFromMs(state.startedAtMs) }),
  });
}
