import { IsOptional } from 'class-validator';
import type {
  AbortSessionRequest,
  GetMessageRequest,
  GetMessagesRequest,
  ListMessagesRequest,
  SendMessageRequest,
} from '../../common/grpc/generated/message_pb.js';
import { IsMessageId, IsOptionalShortText, IsPageSize, IsSessionId, IsShortText } from '../../common/validation/ids.js';

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
