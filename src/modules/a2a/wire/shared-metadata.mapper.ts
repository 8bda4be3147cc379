import type { Ask, Resolution, TaskEvent, TaskView } from '../a2a.model.js';
import type { SessionUsage } from '../../session/session.model.js';
import { toErrorMetadata } from './error-metadata.mapper.js';
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

/** What a task says to programs. */
export function toTaskMetadata(view: TaskView): Record<string, unknown> {
  const [ask] = view.asks;
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
