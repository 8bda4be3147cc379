import { Controller } from '@nestjs/common';
import { ProviderService as Rpc, type ProviderList } from '../../common/grpc/generated/session_pb.js';
import { RestRoute } from '../../common/http/rest-route.js';
import { toProviderList } from './provider.mapper.js';
import { ProviderService } from './provider.service.js';

@Controller()
export class ProviderHttpController {
  constructor(private readonly providers: ProviderService) {}

  @RestRoute(Rpc.method.getProviders)
  async getProviders(): Promise<ProviderList> {
    return toProviderList(await this.providers.list());
  }
}
