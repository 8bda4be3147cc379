import { IsOptional, ValidateIf } from 'class-validator';
import type { GetMessageRequest } from '../../common/grpc/generated/message_pb.js';
import type {
  GetSessionDiffRequest,
  GetSessionRequest,
  RevertSessionRequest,
  SummarizeSessionRequest,
} from '../../common/grpc/generated/session_pb.js';
import { IsMessageId, IsMessageIdOrEmpty, IsModelName, IsPartId, IsSessionId } from '../../common/validation/ids.js';

export class SessionOfHistoryDto implements Omit<GetSessionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;
}

export class DeleteMessageDto implements Omit<GetMessageRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsMessageId()
  messageId: string;
}

export class GetSessionDiffDto implements Omit<GetSessionDiffRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsMessageIdOrEmpty()
  messageId: string;
}

export class RevertSessionDto implements Omit<RevertSessionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsMessageId()
  messageId: string;

  @IsOptional()
  @IsPartId()
  partId?: string;
}

export class SummarizeSessionDto implements Omit<SummarizeSessionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @ValidateIf(({ model }: SummarizeSessionDto) => model !== '')
  @IsModelName()
  model: string;
}
