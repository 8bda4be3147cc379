import { applyDecorators } from '@nestjs/common';
import { Matches } from 'class-validator';
import type { ProviderAuthRequest, SetProviderCredentialRequest, SwitchProviderAuthRequest } from '../../common/grpc/generated/auth_pb.js';

/** As providers are named everywhere; nothing that could lead elsewhere in a path or name a resting credential. */
const IsProviderId = (): PropertyDecorator =>
  applyDecorators(Matches(/^\w[\w.-]{0,99}$/, { message: 'must be a provider id (letters, digits, . _ -)' }));

export class ProviderAuthDto implements Omit<ProviderAuthRequest, '$typeName'> {
  @IsProviderId()
  providerId: string;
}

export class SwitchProviderAuthDto implements Omit<SwitchProviderAuthRequest, '$typeName'> {
  @IsProviderId()
  providerId: string;

  type: SwitchProviderAuthRequest['type'];
}

export class SetProviderCredentialDto implements Omit<SetProviderCredentialRequest, '$typeName'> {
  @IsProviderId()
  providerId: string;

  credential: SetProviderCredentialRequest['credential'];
}
