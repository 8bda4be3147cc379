import { create } from '@bufbuild/protobuf';
import {
  MessagePartUpdatedSchema,
  MessageUpdatedSchema,
  type MessagePartUpdated,
  type MessageUpdated,
} from '../../common/grpc/generated/event_pb.js';
import {
  DisplayMessageSchema,
  ListMessagesResponseSchema,
  MessageListSchema,
  type DisplayMessage,
  type ListMessagesResponse,
  type MessageList,
} from '../../common/grpc/generated/message_pb.js';
import { ToolCallStateSchema, type ToolCallState } from '../../common/grpc/generated/tool_pb.js';
import type {
  UpstreamMessage,
  UpstreamMessageWithParts,
  UpstreamPart,
  UpstreamTextPart,
  UpstreamTokens,
  UpstreamToolPart,
} from '../../common/opencode/opencode.types.js';
import { toModelName } from '../session/session.mapper.js';
import { fromUpstreamError } from './failure.mapper.js';
import { isNote } from './note.mapper.js';
import type { Message, MessageInfo, MessagePage, MessagePurpose, MessageTokens, Part, TextPart, ToolPart } from './message.model.js';

export function fromUpstreamMessage(message: UpstreamMessage): MessageInfo {
  const shared = { id: message.id, sessionId: message.sessionID, agent: message.agent, createdAtMs: message.time.created };
  if (message.role === 'user') {
    const model = message.model && { providerId: message.model.providerID, modelId: message.model.modelID };
    return {
      ...shared,
      role: 'user',
      model,
      parentId: undefined,
      tokens: undefined,
      cost: undefined,
      finish: undefined,
      failure: undefined,
      isSummary: false,
      completedAtMs: undefined,
    };
  }
  const { providerID, modelID, tokens } = message;
  return {
    ...shared,
    role: 'assistant',
    model: providerID !== undefined && modelID !== undefined ? { providerId: providerID, modelId: modelID } : undefined,
    parentId: message.parentID,
    tokens: tokens && fromUpstreamTokens(tokens),
    cost: message.cost,
    finish: message.finish,
    failure: message.error && fromUpstreamError(message.error),
    isSummary: message.summary === true,
    completedAtMs: message.time.completed,
  };
}

function fromUpstreamTokens({ input = 0, output = 0, reasoning = 0, cache = {} }: UpstreamTokens): MessageTokens {
  return { input, output, reasoning, cacheRead: cache.read ?? 0, cacheWrite: cache.write ?? 0 };
}

/** `completed` and `error` in the seed's words: success, and cancelled for what an abort interrupted. */
function fromToolStatus(state: UpstreamToolPart['state']): ToolPart['status'] {
  if (state.status === 'completed') return 'success';
  if (state.status === 'error') return state.metadata?.['interrupted'] === true ? 'cancelled' : 'error';
  return state.status;
}

/** Where OpenCode puts what is too long for an answer is a path of the host, of which callers learn the last name alone. */
function withoutOutputPath(state: UpstreamToolPart['state']): Pick<ToolPart, 'output' | 'metadata'> {
  const { output, metadata = {} } = state;
  const { outputPath, ...rest } = metadata;
  if (typeof outputPath !== 'string') return { output, metadata };
  return { output: output?.replaceAll(outputPath, outputPath.slice(outputPath.lastIndexOf('/') + 1)), metadata: rest };
}

function fromToolPart({ id, messageID, sessionID, callID, tool, state }: UpstreamToolPart): ToolPart {
  return {
    type: 'tool',
    id,
    messageId: messageID,
    sessionId: sessionID,
    callId: callID,
    tool,
    title: state.title,
    status: fromToolStatus(state),
    input: state.input,
    ...withoutOutputPath(state),
    error: state.error,
    startedAtMs: state.time?.start,
    finishedAtMs: state.time?.end,
  };
}

function isTextPart(part: UpstreamPart): part is UpstreamTextPart {
  return part.type === 'text' || part.type === 'reasoning';
}

/** Undefined for parts that callers do not see: OpenCode's own bookkeeping, and text it wrote into a prompt by itself. */
export function fromUpstreamPart(part: UpstreamPart): Part | undefined {
  if (isTextPart(part)) {
    if (part.synthetic === true || part.ignored === true) return undefined;
    return {
      type: part.type,
      id: part.id,
      messageId: part.messageID,
      sessionId: part.sessionID,
      text: part.text,
      ended: part.time === undefined || part.time.end !== undefined,
    };
  }
  if (part.type === 'tool') return fromToolPart(part);
  if (part.type === 'file') {
    const { id, messageID, sessionID, mime, filename } = part;
    return { type: 'file', id, messageId: messageID, sessionId: sessionID, mime, filename };
  }
  return undefined;
}

/** A part that never got its text (its attempt was retried, or OpenCode was killed) is none: its stream was told to forget it. */
function isShown(part: Part): boolean {
  return (part.type !== 'text' && part.type !== 'reasoning') || part.text !== '';
}

/** What OpenCode itself writes above the output of a shell line. */
const SHELL_TEXT = 'The following tool was executed by the user';

function toPurpose(parts: readonly UpstreamPart[]): MessagePurpose {
  const compaction = parts.find((part) => part.type === 'compaction');
  if (compaction !== undefined) return compaction.auto === true ? 'continuation' : 'summary';
  const isSynthetic = parts.length > 0 && parts.every((part) => isTextPart(part) && part.synthetic === true);
  if (!isSynthetic) return isNote(parts) ? 'note' : 'prompt';
  return parts.some((part) => isTextPart(part) && part.text === SHELL_TEXT) ? 'shell' : 'continuation';
}

export function fromUpstreamHistory({ info, parts }: UpstreamMessageWithParts): Message {
  return {
    info: fromUpstreamMessage(info),
    ...(info.role === 'user' && { purpose: toPurpose(parts) }),
    parts: parts
      .map(fromUpstreamPart)
      .filter((part) => part !== undefined)
      .filter(isShown),
  };
}

/** As it is told once nobody works on it any more: OpenCode, killed in the middle, leaves it unfinished for ever. */
export function asInterrupted(message: Message): Message {
  const { info, parts } = message;
  if (info.role !== 'assistant' || info.completedAtMs !== undefined || info.failure !== undefined) return message;
  const failure = { name: 'TurnInterrupted', message: 'OpenCode stopped in the middle of the turn' };
  return { ...message, info: { ...info, failure }, parts: parts.map(asStopped) };
}

function asStopped(part: Part): Part {
  const isUnfinished = part.type === 'tool' && (part.status === 'pending' || part.status === 'running');
  return isUnfinished ? { ...part, status: 'error', error: 'interrupted' } : part;
}

export function toToolCallState(part: ToolPart): ToolCallState {
  return create(ToolCallStateSchema, {
    id: part.id,
    name: part.tool,
    status: part.status,
    callId: part.callId,
    inputJson: part.input === undefined ? '' : JSON.stringify(part.input),
    metadataJson: Object.keys(part.metadata).length === 0 ? '' : JSON.stringify(part.metadata),
    ...(part.output !== undefined && { output: part.output }),
    ...(part.error !== undefined && { error: part.error }),
    ...(part.startedAtMs !== undefined && { startedAt: BigInt(part.startedAtMs) }),
    ...(part.finishedAtMs !== undefined && { finishedAt: BigInt(part.finishedAtMs) }),
  });
}

function toPartContent(part: Part): MessagePartUpdated['part'] {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return toTextContent(part.type, part.text);
    case 'tool':
      return { case: 'tool', value: { $typeName: 'opencode.event.ToolPart', state: toToolCallState(part) } };
    case 'file':
      return {
        case: 'file',
        value: { $typeName: 'opencode.event.FilePart', mime: part.mime, ...(part.filename !== undefined && { filename: part.filename }) },
      };
  }
}

function toTextContent(type: TextPart['type'], text: string): MessagePartUpdated['part'] {
  return type === 'text'
    ? { case: 'text', value: { $typeName: 'opencode.event.TextPart', text } }
    : { case: 'reasoning', value: { $typeName: 'opencode.event.ReasoningPart', text } };
}

/** A part as the event stream and the history carry it. */
export function toMessagePartUpdated(part: Part): MessagePartUpdated {
  return create(MessagePartUpdatedSchema, {
    messageId: part.messageId,
    sessionId: part.sessionId,
    partId: part.id,
    part: toPartContent(part),
  });
}

export interface PartDelta extends Pick<TextPart, 'id' | 'messageId' | 'sessionId' | 'type'> {
  readonly delta: string;
  /** UTF-8 bytes of the part before the delta. */
  readonly offset: number;
}

/**
 * Growth of a part: the delta and its place.
 *
 * Whose the part is and which kind grows is told with the first alone: deltas come by the thousands, and are short.
 */
export function toMessagePartDelta({ id, messageId, sessionId, type, delta, offset }: PartDelta): MessagePartUpdated {
  return create(MessagePartUpdatedSchema, {
    partId: id,
    delta,
    offset: BigInt(offset),
    ...(offset === 0 && { messageId, sessionId, part: toTextContent(type, '') }),
  });
}

/** What is on a message only once it is known. */
function toOptionalInfo(info: MessageInfo) {
  return {
    ...(info.agent !== undefined && { agent: info.agent }),
    ...(info.model !== undefined && { model: toModelName(info.model) }),
    ...(info.cost !== undefined && { cost: info.cost }),
    ...(info.parentId !== undefined && { parentId: info.parentId }),
    ...(info.failure !== undefined && { errorName: info.failure.name, errorMessage: info.failure.message }),
    ...(info.completedAtMs !== undefined && { completedAt: BigInt(info.completedAtMs) }),
  };
}

/** As the seed has it: absent while the model works, `error` when it failed. */
function toFinish(info: MessageInfo): string | undefined {
  return info.failure === undefined ? info.finish : 'error';
}

export function toMessageUpdated(info: MessageInfo): MessageUpdated {
  const finish = toFinish(info);
  return create(MessageUpdatedSchema, {
    messageId: info.id,
    sessionId: info.sessionId,
    role: info.role,
    createdAt: BigInt(info.createdAtMs),
    updatedAt: BigInt(info.completedAtMs ?? info.createdAtMs),
    ...(finish !== undefined && { finish }),
    ...(info.tokens !== undefined && {
      tokens: { input: BigInt(info.tokens.input), output: BigInt(info.tokens.output), reasoning: BigInt(info.tokens.reasoning) },
    }),
    ...toOptionalInfo(info),
  });
}

/** The texts of one kind, in order. */
export function textsOf(parts: readonly Part[], type: TextPart['type']): string[] {
  return parts.flatMap((part) => (part.type === type && 'text' in part ? [part.text] : []));
}

export function toDisplayMessage({ info, parts }: Message): DisplayMessage {
  const finish = toFinish(info);
  const { tokens } = info;
  return create(DisplayMessageSchema, {
    messageId: info.id,
    sessionId: info.sessionId,
    role: info.role,
    textParts: textsOf(parts, 'text'),
    reasoningParts: textsOf(parts, 'reasoning'),
    toolCalls: parts.flatMap((part) => (part.type === 'tool' ? [toToolCallState(part)] : [])),
    parts: parts.map(toMessagePartUpdated),
    createdAt: BigInt(info.createdAtMs),
    ...(tokens !== undefined && {
      tokensInput: BigInt(tokens.input),
      tokensOutput: BigInt(tokens.output),
      tokensReasoning: BigInt(tokens.reasoning),
    }),
    ...(finish !== undefined && { finish }),
    ...toOptionalInfo(info),
  });
}

export function toMessageList(messages: readonly Message[]): MessageList {
  return create(MessageListSchema, { messages: messages.map(toDisplayMessage) });
}

export function toListMessagesResponse({ messages, nextPageToken }: MessagePage): ListMessagesResponse {
  return create(ListMessagesResponseSchema, { messages: messages.map(toDisplayMessage), nextPageToken });
}
