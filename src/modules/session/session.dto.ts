import {
  AskPolicy,
  type CreateSessionRequest,
  type DeleteSessionRequest,
  type ForkSessionRequest,
  type GetSessionRequest,
  type SearchSessionsRequest,
  type UpdateDirectoryRequest,
  type UpdateSessionRequest,
} from '../../common/grpc/generated/session_pb.js';
import {
  IsIn,
  IsOptional,
  Validate,
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { IsMessageId, IsModelName, IsOptionalShortText, IsPageSize, IsSessionId, IsShortText } from '../../common/validation/ids.js';
import { MAX_ASK_TIMEOUT_S } from './session.model.js';

const MAX_LABELS = 32;
const MAX_LABEL_LENGTH = 256;
const ASK_POLICIES = [AskPolicy.UNSPECIFIED, AskPolicy.WAIT, AskPolicy.REJECT, AskPolicy.ONCE];

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

/** A time to answer within means something only where an answer is given after it. */
@ValidatorConstraint({ name: 'askTimeout' })
class IsAskTimeout implements ValidatorConstraintInterface {
  validate(value: number, { object }: ValidationArguments): boolean {
    const { ask } = object as { ask?: AskPolicy };
    return value <= MAX_ASK_TIMEOUT_S && (ask === AskPolicy.REJECT || ask === AskPolicy.ONCE);
  }

  defaultMessage(): string {
    return `must be at most ${MAX_ASK_TIMEOUT_S}, and stand beside ask REJECT or ONCE`;
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

  @IsIn(ASK_POLICIES, { message: 'must be an AskPolicy' })
  ask: AskPolicy;

  @IsOptional()
  @Validate(IsAskTimeout)
  askTimeoutS?: number;
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

  @IsOptional()
  @IsIn(ASK_POLICIES, { message: 'must be an AskPolicy' })
  ask?: AskPolicy;

  @IsOptional()
  @Validate(IsAskTimeout)
  askTimeoutS?: number;
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
