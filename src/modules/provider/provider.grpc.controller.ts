import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { ProviderList } from '../../common/grpc/generated/session_pb.js';
import { toProviderList } from './provider.mapper.js';
import { ProviderService } from './provider.service.js';

@Controller()
export class ProviderGrpcController {
  constructor(private readonly providers: ProviderService) {}

  @GrpcMethod('opencode.session.ProviderService', 'GetProviders')
  async getProviders(): Promise<ProviderList> {
    return toProviderList(await this.providers.list());
  }
}
