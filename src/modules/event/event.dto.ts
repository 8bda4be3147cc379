import { IsOptional, Matches, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import type { SubscribeSessionEventsRequest } from '../../common/grpc/generated/event_pb.js';
import { IsSessionId } from '../../common/validation/ids.js';

@ValidatorConstraint({ name: 'sequence' })
class IsSequence implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'bigint' && value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER);
  }

  defaultMessage(): string {
    return 'must be a sequence number';
  }
}

export class SubscribeSessionEventsDto implements Omit<SubscribeSessionEventsRequest, '$typeName'> {
  @IsSessionId()
  sessionId: string;

  @IsOptional()
  @Validate(IsSequence)
  afterSequence?: bigint;

  @IsOptional()
  @Matches(/^evt_\w{1,64}$/, { message: 'must be the id of an event' })
  afterEventId?: string;

  durableOnly: boolean;

  textMode: SubscribeSessionEventsRequest['textMode'];
}
