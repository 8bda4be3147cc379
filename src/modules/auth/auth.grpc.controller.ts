import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { GrpcMethod, Payload } from '@nestjs/microservices';
import { Caller } from '../../common/access/caller.js';
import {
  EmptySchema,
  type AuthStatus,
  type Empty,
  type ProviderAuthInfo,
  type ProviderStatus,
} from '../../common/grpc/generated/auth_pb.js';
import { ProviderAuthDto, SetProviderCredentialDto, SwitchProviderAuthDto } from './auth.dto.js';
import { fromAuthType, fromSetProviderCredentialRequest, toAuthStatus, toProviderAuthInfo, toProviderStatus } from './auth.mapper.js';
import { AuthService } from './auth.service.js';

const SERVICE = 'opencode.auth.AuthService';

@Controller()
export class AuthGrpcController {
  constructor(private readonly auth: AuthService) {}

  @GrpcMethod(SERVICE, 'GetAuthStatus')
  async getAuthStatus(): Promise<AuthStatus> {
    return toAuthStatus(await this.auth.list());
  }

  @GrpcMethod(SERVICE, 'GetProviderAuth')
  async getProviderAuth({ providerId }: ProviderAuthDto): Promise<ProviderAuthInfo> {
    return toProviderAuthInfo(await this.auth.get(providerId));
  }

  @GrpcMethod(SERVICE, 'GetProviderStatus')
  async getProviderStatus(): Promise<ProviderStatus> {
    return toProviderStatus(await this.auth.connected());
  }

  @GrpcMethod(SERVICE, 'SwitchProviderAuth')
  async switchProviderAuth(@Payload() { providerId, type }: SwitchProviderAuthDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.switchTo(providerId, fromAuthType(type), caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'SetProviderCredential')
  async setProviderCredential(@Payload() request: SetProviderCredentialDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.set(request.providerId, fromSetProviderCredentialRequest(request), caller);
    return create(EmptySchema);
  }

  @GrpcMethod(SERVICE, 'RemoveProviderCredential')
  async removeProviderCredential(@Payload() { providerId }: ProviderAuthDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.remove(providerId, caller);
    return create(EmptySchema);
  }
}
