import type { MessageFailure } from '../../message/message.model.js';
import type { Ask, Resolution, TaskEvent, TaskView } from '../a2a.model.js';
import type { SessionUsage } from '../../session/session.model.js';
import type { TaskPlace } from './layout.js';
import { toQuestionDetails } from './task-status.mapper.js';

/** The metadata of opencode-a2a-server, under its names: `metadata.shared.*` and `metadata.opencode.*`. */
export type Metadata = Readonly<Record<string, unknown>>;

/** Where in a task's stream something stands. */
export interface StreamPlace {
  readonly taskId: string;
  readonly contextId: string;
  readonly sequence: number;
}

function toUsageMetadata(usage: SessionUsage): Metadata {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens + usage.reasoningTokens,
    reasoning_tokens: usage.reasoningTokens,
    cache_tokens: { read_tokens: usage.cacheReadTokens, write_tokens: usage.cacheWriteTokens },
    cost: usage.cost,
  };
}

function toSessionMetadata({ sessionId, sessionTitle }: Pick<TaskView, 'sessionId' | 'sessionTitle'>): Metadata {
  return { id: sessionId, title: sessionTitle };
}

export function toChunkMetadata(
  { taskId, contextId, sequence }: StreamPlace,
  chunk: { readonly blockType: 'text' | 'reasoning' | 'tool_call'; readonly source: string; readonly messageId: string },
): Metadata {
  return {
    block_type: chunk.blockType,
    source: chunk.source,
    message_id: chunk.messageId,
    event_id: `${taskId}:${contextId}:${taskId}:stream:${sequence}`,
    sequence,
    role: 'agent',
  };
}

function toStatusPlace({ taskId, contextId, sequence }: StreamPlace): Metadata {
  return { source: 'status', event_id: `${taskId}:${contextId}:${taskId}:status:${sequence}`, sequence, role: 'agent' };
}

/** No more of an ask than it takes to answer it. */
export function toAskDetails(ask: Ask): Metadata {
  return ask.type === 'permission' ? { permission: ask.permission.type, patterns: ask.permission.patterns } : toQuestionDetails(ask);
}

function toAskMetadata(ask: Ask): Metadata {
  return { request_id: ask.id, type: ask.type, phase: 'asked', details: toAskDetails(ask) };
}

function toResolutionMetadata({ askId, type, outcome }: Resolution): Metadata {
  return {
    request_id: askId,
    type,
    phase: 'resolved',
    resolution: outcome === 'reject' ? 'rejected' : outcome === 'rejected' ? outcome : 'replied',
  };
}

const TYPE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'UPSTREAM_BAD_REQUEST',
  401: 'UPSTREAM_UNAUTHORIZED',
  403: 'UPSTREAM_PERMISSION_DENIED',
  404: 'UPSTREAM_RESOURCE_NOT_FOUND',
  408: 'UPSTREAM_TIMEOUT',
  429: 'UPSTREAM_QUOTA_EXCEEDED',
};

/** What the predecessor calls a failure; the provider's status stands in our own words about it. */
function toErrorMetadata({ name, message }: MessageFailure): Metadata {
  const status = Number(/\(HTTP (\d{3})/.exec(message)?.[1] ?? Number.NaN);
  if (Number.isNaN(status)) return { type: name === 'ProviderAuthError' ? 'UPSTREAM_UNAUTHORIZED' : 'UPSTREAM_SERVER_ERROR' };
  const type = TYPE_BY_STATUS[status] ?? (status >= 500 ? 'UPSTREAM_SERVER_ERROR' : 'UPSTREAM_CLIENT_ERROR');
  return { type, upstream_status: status };
}

/** What a task says to programs. */
export function toTaskMetadata(view: TaskView): Record<string, unknown> {
  const ask = view.asks.at(-1);
  return {
    shared: {
      session: toSessionMetadata(view),
      ...(view.usage !== undefined && { usage: toUsageMetadata(view.usage) }),
      ...(ask !== undefined && { interrupt: toAskMetadata(ask) }),
    },
    ...(view.failure !== undefined && { opencode: { error: toErrorMetadata(view.failure) } }),
  };
}

/** What a status says to programs in the predecessor's words. */
export function toStatusMetadata(event: Extract<TaskEvent, { type: 'status' }>, place: TaskPlace): Record<string, unknown> {
  const { id: taskId, contextId } = place;
  return {
    shared: {
      session: toSessionMetadata(place),
      stream: toStatusPlace({ taskId, contextId, sequence: event.sequence }),
      ...(event.ask !== undefined && { interrupt: toAskMetadata(event.ask) }),
      ...(event.resolution !== undefined && { interrupt: toResolutionMetadata(event.resolution) }),
      ...(event.usage !== undefined && { usage: toUsageMetadata(event.usage) }),
    },
    ...(event.failure !== undefined && { opencode: { error: toErrorMetadata(event.failure) } }),
  };
}

export function sourceOf({ type }: Exclude<TaskEvent, { type: 'status' }>): string {
  return type === 'tool' ? 'tool_part_update' : type === 'rewrite' ? 'part_snapshot' : 'part_delta';
}
