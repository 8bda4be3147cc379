import { IsOptional } from 'class-validator';
import type {
  AbortSessionRequest,
  GetMessageRequest,
  GetMessagesRequest,
  ListMessagesRequest,
  RunCommandRequest,
  RunShellRequest,
  SendMessageRequest,
} from '../../common/grpc/generated/message_pb.js';
import { IsMessageId, IsModelName, IsOptionalShortText, IsPageSize, IsSessionId, IsShortText } from '../../common/validation/ids.js';

/** The parts are checked by the prompt service: what they may be depends on the model. */
export class SendMessageDto implements Omit<SendMessageRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  parts: SendMessageRequest['parts'];

  @IsOptional()
  model?: SendMessageRequest['model'];

  @IsOptionalShortText(200)
  agent?: string;

  @IsShortText(200)
  requestId: string;

  @IsOptionalShortText(100_000)
  system?: string;

  textMode: SendMessageRequest['textMode'];

  @IsOptionalShortText(200)
  variant?: string;
}

export class RunCommandDto implements Omit<RunCommandRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsShortText(200)
  command: string;

  @IsShortText(100_000)
  arguments: string;

  @IsOptionalShortText(200)
  agent?: string;

  @IsOptional()
  @IsModelName()
  model?: string;

  @IsShortText(200)
  requestId: string;
}

export class RunShellDto implements Omit<RunShellRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsShortText(100_000)
  command: string;

  @IsShortText(200)
  agent: string;

  @IsOptional()
  @IsModelName()
  model?: string;

  @IsShortText(200)
  requestId: string;
}

export class GetMessagesDto implements Pick<GetMessagesRequest, 'sessionId'> {
  @IsSessionId()
  sessionId: string;
}

export class AbortSessionDto implements Pick<AbortSessionRequest, 'sessionId'> {
  @IsSessionId()
  sessionId: string;
}

export class ListMessagesDto implements Omit<ListMessagesRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsPageSize()
  pageSize: number;

  @IsShortText(1_000)
  pageToken: string;
}

export class GetMessageDto implements Omit<GetMessageRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsMessageId()
  messageId: string;
}
