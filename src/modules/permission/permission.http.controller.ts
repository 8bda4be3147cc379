import { create } from '@bufbuild/protobuf';
import { Controller } from '@nestjs/common';
import { Caller } from '../../common/access/caller.js';
import { EmptySchema, PermissionService as Rpc, type Empty, type PermissionList } from '../../common/grpc/generated/tool_pb.js';
import { RestRequest, RestRoute } from '../../common/http/rest-route.js';
import { ListPermissionsDto, RespondToPermissionDto } from './permission.dto.js';
import { fromPermissionResponse, toPermissionList } from './permission.mapper.js';
import { PermissionService } from './permission.service.js';

@Controller()
export class PermissionHttpController {
  constructor(private readonly permissions: PermissionService) {}

  @RestRoute(Rpc.method.listPermissions)
  async listPermissions(@RestRequest() { sessionId }: ListPermissionsDto, @Caller() { principal }: Caller): Promise<PermissionList> {
    return toPermissionList(await this.permissions.list(sessionId || undefined, principal));
  }

  @RestRoute(Rpc.method.respondToPermission)
  async respondToPermission(@RestRequest() request: RespondToPermissionDto, @Caller() caller: Caller): Promise<Empty> {
    await this.permissions.answer(fromPermissionResponse(request), caller);
    return create(EmptySchema);
  }
}
