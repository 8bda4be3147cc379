import type {
  CreateSessionRequest,
  DeleteSessionRequest,
  ForkSessionRequest,
  GetSessionRequest,
  SearchSessionsRequest,
  UpdateDirectoryRequest,
  UpdateSessionRequest,
} from '../../common/grpc/generated/session_pb.js';
import { IsOptional, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { IsMessageId, IsModelName, IsOptionalShortText, IsPageSize, IsSessionId, IsShortText } from '../../common/validation/ids.js';

const MAX_LABELS = 32;
const MAX_LABEL_LENGTH = 256;

/** Labels live in OpenCode's session metadata and travel with every session: they stay small. */
@ValidatorConstraint({ name: 'labels' })
class AreLabels implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const entries = Object.entries(value as Record<string, string>);
    return (
      entries.length <= MAX_LABELS &&
      entries.every(([key, text]) => key !== '' && key.length <= MAX_LABEL_LENGTH && text.length <= MAX_LABEL_LENGTH)
    );
  }

  defaultMessage(): string {
    return `must be at most ${MAX_LABELS} labels with keys and values of at most ${MAX_LABEL_LENGTH} characters`;
  }
}

export class GetSessionDto implements Pick<GetSessionRequest, 'sessionId'> {
  @IsSessionId()
  sessionId: string;
}

export class DeleteSessionDto implements Pick<DeleteSessionRequest, 'sessionId'> {
  @IsSessionId()
  sessionId: string;
}

export class UpdateSessionDirectoryDto implements Pick<UpdateDirectoryRequest, 'sessionId' | 'directory'> {
  @IsSessionId()
  sessionId: string;

  @IsShortText(4_096)
  directory: string;
}

export class CreateSessionDto implements Omit<CreateSessionRequest, '$typeName'> {
  @IsOptionalShortText(1_000)
  title?: string;

  @IsOptionalShortText(4_096)
  directory?: string;

  @IsOptional()
  @IsSessionId()
  parentId?: string;

  @IsOptionalShortText(200)
  agent?: string;

  @IsOptional()
  @IsModelName()
  model?: string;

  @Validate(AreLabels)
  labels: Record<string, string>;

  @IsShortText(200)
  requestId: string;
}

export class UpdateSessionDto implements Omit<UpdateSessionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsOptionalShortText(1_000)
  title?: string;

  archived?: boolean;

  @Validate(AreLabels)
  labels: Record<string, string>;

  @IsOptional()
  @IsModelName()
  model?: string;
}

export class ForkSessionDto implements Omit<ForkSessionRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsOptional()
  @IsMessageId()
  messageId?: string;
}

export class SearchSessionsDto implements Omit<SearchSessionsRequest, '$typeName'> {
  @IsPageSize()
  pageSize: number;

  @IsShortText(1_000)
  pageToken: string;

  @IsShortText(1_000)
  query: string;

  @IsShortText(4_096)
  directory: string;

  @Validate(AreLabels)
  labels: Record<string, string>;
}
