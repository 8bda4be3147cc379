import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import {
  AuthService as Rpc,
  EmptySchema,
  type AuthStatus,
  type Empty,
  type ProviderAuthInfo,
  type ProviderStatus,
} from '../../common/grpc/generated/auth_pb.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { ProviderAuthDto, SetProviderCredentialDto, SwitchProviderAuthDto } from './auth.dto.js';
import { fromAuthType, fromSetProviderCredentialRequest, toAuthStatus, toProviderAuthInfo, toProviderStatus } from './auth.mapper.js';
import { AuthService } from './auth.service.js';

@Controller()
export class AuthHttpController {
  constructor(private readonly auth: AuthService) {}

  @RestRoute(Rpc.method.getAuthStatus)
  async getAuthStatus(): Promise<AuthStatus> {
    return toAuthStatus(await this.auth.list());
  }

  @RestRoute(Rpc.method.getProviderAuth)
  async getProviderAuth(@RestRequest() { providerId }: ProviderAuthDto): Promise<ProviderAuthInfo> {
    return toProviderAuthInfo(await this.auth.get(providerId));
  }

  @RestRoute(Rpc.method.getProviderStatus)
  async getProviderStatus(): Promise<ProviderStatus> {
    return toProviderStatus(await this.auth.connected());
  }

  @RestRoute(Rpc.method.switchProviderAuth)
  async switchProviderAuth(@RestRequest() { providerId, type }: SwitchProviderAuthDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.switchTo(providerId, fromAuthType(type), caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.setProviderCredential)
  async setProviderCredential(@RestRequest() request: SetProviderCredentialDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.set(request.providerId, fromSetProviderCredentialRequest(request), caller);
    return create(EmptySchema);
  }

  @RestRoute(Rpc.method.removeProviderCredential)
  async removeProviderCredential(@RestRequest() { providerId }: ProviderAuthDto, @Caller() caller: Caller): Promise<Empty> {
    await this.auth.remove(providerId, caller);
    return create(EmptySchema);
  }
}
