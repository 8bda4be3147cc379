import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { concatMap, type Observable } from 'rxjs';
import { GatewayError } from '../../common/errors/gateway-error.js';
import { FinishReason } from '../../common/grpc/generated/v1/common_pb.js';
import {
  SendMessageResponseSchema,
  type SendMessageRequest,
  type SendMessageResponse,
} from '../../common/grpc/generated/v1/opencode_service_pb.js';
import type { GatewayEvent, TurnUpdate } from '../event/event.model.js';
import type { MessageInfo, TextPart, ToolPart } from '../message/message.model.js';
import type { Prompt, PromptPart } from '../message/prompt.model.js';
import { TurnQuestions } from '../message/turn.questions.js';
import { toPermissionRequest } from '../permission/permission.mapper.js';
import { toQuestion } from '../question/question.mapper.js';
import { fromModelName } from '../session/session.mapper.js';
import { toFinishReason, toJsonText } from './workspace.mapper.js';

const TEXT = /^text\/|^application\/(json|xml|yaml)/;

function fromPart({ content }: SendMessageRequest['parts'][number], index: number): PromptPart {
  if (content.case === 'text') return { type: 'text', text: content.value.text };
  if (content.case !== 'binary') throw GatewayError.invalid(`parts[${index}]`, 'must be text or binary');
  const { mimeType, data, base64Data, path } = content.value;
  const base64 = data.length > 0 ? Buffer.from(data).toString('base64') : base64Data;
  return { type: 'file', mime: mimeType, filename: path || undefined, url: `data:${mimeType};base64,${base64}` };
}

/** An attachment's content is text where its type says text, else base64. */
function fromAttachment({ path, content, mimeType }: SendMessageRequest['attachments'][number]): PromptPart {
  const mime = mimeType === '' ? 'text/plain' : mimeType;
  const base64 = TEXT.test(mime) ? Buffer.from(content).toString('base64') : content;
  return { type: 'file', mime, filename: path || undefined, url: `data:${mime};base64,${base64}` };
}

/** @throws GatewayError INVALID_ARGUMENT naming the part or the model */
export function fromSendMessageRequest({ parts, attachments, model }: Omit<SendMessageRequest, '$typeName'>): Omit<Prompt, 'sessionId'> {
  const selected = model === '' ? undefined : fromModelName(model);
  if (model !== '' && selected === undefined) throw GatewayError.invalid('model', 'must be provider/model');
  return {
    parts: [...parts.map(fromPart), ...attachments.map(fromAttachment)],
    model: selected,
    agent: undefined,
    system: undefined,
    requestId: '',
  };
}

type Response = SendMessageResponse['response'];

function isEnded(status: ToolPart['status']): boolean {
  return status !== 'pending' && status !== 'running';
}

/** One turn's events as the seed's stream: text as it grows, tools as they start and end, and exactly one last word. */
export class TurnTranslator {
  private readonly started = new Set<string>();
  private readonly ended = new Set<string>();
  /** Characters of each part that were told. */
  private readonly told = new Map<string, number>();
  private readonly steps = new Map<string, MessageInfo>();
  /** Undefined until the turn is told of, which is before any message of it. */
  private questions: TurnQuestions | undefined;

  constructor(private readonly sessionId: string) {}

  /** Sub-agents are heard only when they ask. */
  translate(event: GatewayEvent): SendMessageResponse[] {
    return this.responses(event).map((response) => create(SendMessageResponseSchema, { response }));
  }

  private responses(event: GatewayEvent): Response[] {
    if (event.type === 'permission_asked') return [{ case: 'permissionRequested', value: toPermissionRequest(event.permission) }];
    if (event.type === 'question_asked') return [{ case: 'questionAsked', value: toQuestion(event.question) }];
    if (event.sessionId !== this.sessionId) return [];
    switch (event.type) {
      case 'message_updated':
        return this.onMessage(event.message);
      case 'part_delta':
        return this.onText(event.delta.id, event.delta.messageId, event.delta.type, event.delta.delta);
      case 'part_updated':
        return event.part.type === 'tool' ? this.onTool(event.part) : event.part.type === 'file' ? [] : this.onWholeText(event.part);
      case 'turn_updated':
        return this.onTurn(event.turn);
      default:
        return [];
    }
  }

  private onMessage(message: MessageInfo): Response[] {
    if (message.role === 'user') {
      this.questions?.observeWithin(message);
      return [];
    }
    // After a resync the messages of earlier turns are told too.
    if (this.questions?.areAnsweredBy(message) !== true) return [];
    const isNew = !this.steps.has(message.id);
    this.steps.set(message.id, message);
    return isNew
      ? [
          {
            case: 'messageStarted',
            value: { $typeName: 'opencode.v1.MessageStarted', messageId: message.id, timestamp: timestampFromMs(message.createdAtMs) },
          },
        ]
      : [];
  }

  private onText(partId: string, messageId: string, type: TextPart['type'], text: string): Response[] {
    if (!this.steps.has(messageId) || text === '') return [];
    this.told.set(partId, (this.told.get(partId) ?? 0) + text.length);
    if (type === 'text') return [{ case: 'contentDelta', value: { $typeName: 'opencode.v1.ContentDelta', text } }];
    return [{ case: 'reasoningDelta', value: { $typeName: 'opencode.v1.ReasoningDelta', text } }];
  }

  /** The whole text holds what no delta told. */
  private onWholeText(part: TextPart): Response[] {
    return this.onText(part.id, part.messageId, part.type, part.text.slice(this.told.get(part.id) ?? 0));
  }

  private onTool(part: ToolPart): Response[] {
    if (!this.steps.has(part.messageId)) return [];
    const responses: Response[] = [];
    if (part.status !== 'pending' && !this.started.has(part.id)) {
      this.started.add(part.id);
      responses.push({
        case: 'toolCallStarted',
        value: { $typeName: 'opencode.v1.ToolCallStarted', toolCallId: part.callId, toolName: part.tool, input: toJsonText(part.input) },
      });
    }
    if (isEnded(part.status) && !this.ended.has(part.id)) {
      this.ended.add(part.id);
      const isError = part.status !== 'success';
      responses.push({
        case: 'toolCallCompleted',
        value: { $typeName: 'opencode.v1.ToolCallCompleted', toolCallId: part.callId, output: part.output ?? part.error ?? '', isError },
      });
    }
    return responses;
  }

  private onTurn(turn: TurnUpdate): Response[] {
    this.questions ??= new TurnQuestions(turn.turnId);
    switch (turn.state) {
      case 'completed':
        return [this.completed(turn, toFinishReason(turn.finish))];
      case 'aborted':
        return [this.completed(turn, FinishReason.CANCELED)];
      case 'rejected':
        return [this.completed(turn, FinishReason.PERMISSION_DENIED)];
      case 'failed':
      case 'interrupted':
        return [
          {
            case: 'error',
            value: {
              $typeName: 'opencode.v1.ErrorResponse',
              code: turn.failure?.name ?? turn.state,
              message: turn.failure?.message ?? '',
              details: '',
            },
          },
        ];
      case 'queued':
      case 'admitted':
      case 'running':
      case 'waiting':
        return [];
    }
  }

  private completed(turn: TurnUpdate, finishReason: FinishReason): Response {
    const steps = [...this.steps.values()];
    const usage = {
      $typeName: 'opencode.v1.TokenUsage' as const,
      promptTokens: BigInt(steps.reduce((sum, { tokens }) => sum + (tokens?.input ?? 0), 0)),
      completionTokens: BigInt(steps.reduce((sum, { tokens }) => sum + (tokens?.output ?? 0), 0)),
      cost: steps.reduce((sum, { cost = 0 }) => sum + cost, 0),
    };
    return {
      case: 'messageCompleted',
      value: {
        $typeName: 'opencode.v1.MessageCompleted',
        messageId: turn.messageId ?? '',
        finishReason,
        timestamp: timestampFromMs(Date.now()),
        usage,
      },
    };
  }
}

/** A turn's events as the seed's stream. */
export function translate({
  sessionId,
  events$,
}: {
  readonly sessionId: string;
  readonly events$: Observable<GatewayEvent>;
}): Observable<SendMessageResponse> {
  const translator = new TurnTranslator(sessionId);
  return events$.pipe(concatMap((event) => translator.translate(event)));
}
