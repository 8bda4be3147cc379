import type { Part, SendMessageRequest } from '@a2a-js/sdk';
import { GatewayError } from '../../../common/errors/gateway-error.js';
import type { PromptPart } from '../../message/prompt.model.js';
import type { ModelRef } from '../../session/session.model.js';
import { FIELDS } from '../contracts/metadata-params.js';

/** A message that a caller sends, in our words; nothing of it checked but its form. */
export interface SendCommand {
  readonly messageId: string;
  /** Empty: a new task. */
  readonly taskId: string;
  /** Empty: a new context, or the task's. */
  readonly contextId: string;
  readonly parts: readonly PromptPart[];
  /** Structured parts: answers to what a task asks, or more of the prompt. */
  readonly data: readonly unknown[];
  /** The session that it is bound to. */
  readonly sessionId: string | undefined;
  readonly model: ModelRef | undefined;
  readonly directory: string | undefined;
  /** Media types that the caller takes; empty: any. */
  readonly outputModes: readonly string[];
  /** The answer that is wanted once the task is completed: the task itself, or what it says as a bare message. */
  readonly reply: Reply;
}

export type Reply = 'task' | 'message';

type Metadata = Readonly<Record<string, unknown>>;

/** @throws GatewayError INVALID_ARGUMENT naming the field */
export function fromSendRequest({ message, metadata, configuration }: SendMessageRequest): SendCommand {
  if (message === undefined) throw GatewayError.invalid('message', 'is required');
  if (message.messageId === '') throw GatewayError.invalid('message.messageId', 'is required');
  if (message.parts.length === 0) throw GatewayError.invalid('message.parts', 'must not be empty');
  const outer = toRecord(metadata, 'metadata');
  const inner = toRecord(message.metadata, 'message.metadata');
  return {
    messageId: message.messageId,
    taskId: message.taskId,
    contextId: message.contextId,
    parts: message.parts.flatMap((part, index) => toPromptPart(part, `message.parts[${index}]`)),
    data: message.parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as unknown] : [])),
    sessionId: textAt(outer, ['shared', 'session', 'id']) ?? textAt(inner, ['shared', 'session', 'id']),
    model: modelIn(outer) ?? modelIn(inner),
    directory: directoryIn(outer) ?? directoryIn(inner),
    outputModes: configuration?.acceptedOutputModes ?? [],
    reply: replyIn(outer) ?? replyIn(inner) ?? 'task',
  };
}

function toPromptPart({ content, filename, mediaType }: Part, field: string): PromptPart[] {
  switch (content?.$case) {
    case 'text':
      return [{ type: 'text', text: content.value }];
    case 'raw': {
      const mime = mediaType === '' ? 'application/octet-stream' : mediaType;
      return [{ type: 'file', mime, filename: filename || undefined, url: `data:${mime};base64,${content.value.toString('base64')}` }];
    }
    case 'url':
      return [
        { type: 'file', mime: mediaType === '' ? mimeOf(content.value) : mediaType, filename: filename || undefined, url: content.value },
      ];
    case 'data':
      // Whether it is an answer or a part of a prompt is not known here.
      return [];
    case undefined:
      throw GatewayError.invalid(field, 'must hold text, raw, url or data');
  }
}

function mimeOf(url: string): string {
  return /^data:([^;,]+)/.exec(url)?.[1] ?? 'application/octet-stream';
}

function toRecord(metadata: unknown, field: string): Metadata {
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw GatewayError.invalid(field, 'must be an object');
  return metadata as Metadata;
}

function valueAt(metadata: Metadata, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Metadata)[key] : undefined),
    metadata,
  );
}

function textAt(metadata: Metadata, path: readonly string[]): string | undefined {
  const value = valueAt(metadata, path);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** Half a model is none: as opencode-a2a-server has it, it is passed over in silence. */
function modelIn(metadata: Metadata): ModelRef | undefined {
  const providerId = textAt(metadata, ['shared', 'model', 'providerID']);
  const modelId = textAt(metadata, ['shared', 'model', 'modelID']);
  return providerId !== undefined && modelId !== undefined ? { providerId, modelId } : undefined;
}

function directoryIn(metadata: Metadata): string | undefined {
  const directory = valueAt(metadata, ['opencode', 'directory']);
  if (directory === undefined) return undefined;
  if (typeof directory !== 'string' || directory.trim() === '') throw GatewayError.invalid(FIELDS.directory, 'must be a path');
  return directory;
}

function replyIn(metadata: Metadata): Reply | undefined {
  const reply = valueAt(metadata, ['opencode', 'reply']);
  if (reply === undefined || reply === 'task' || reply === 'message') return reply;
  throw GatewayError.invalid(FIELDS.reply, 'must be task or message');
}
